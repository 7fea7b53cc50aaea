//! From a byte to its line, as editors count lines.

/// Where the lines of a text begin. A line ends with `\n`, with `\r\n` (Windows) or with `\r` alone (old Macs); blank lines and
/// line breaks within quotes count.
#[derive(Clone, Debug)]
pub struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// Finds the lines of a text.
    pub fn of(text: &[u8]) -> Self {
        let mut starts = vec![0];
        let ends = text.iter().enumerate().filter(|(at, byte)| match byte {
            b'\n' => true,
            b'\r' => text.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        starts.extend(ends.map(|(at, _)| at + 1));
        Self { starts }
    }

    /// The line of a byte, from 1.
    pub fn line(&self, byte: usize) -> u64 {
        self.starts.partition_point(|start| *start <= byte) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_of_line_counts_once() {
        for text in ["a\nb\n\nc", "a\r\nb\r\n\r\nc", "a\rb\r\rc"] {
            let lines = Lines::of(text.as_bytes());
            let found = |letter| lines.line(text.find(letter).unwrap());
            assert_eq!((found('a'), found('b'), found('c')), (1, 2, 4), "{text:?}");
        }
    }
}
