//! Quotes that swallow rows: a reader of comma-separated values takes everything up to the next quote for one cell.

/// What is wrong with the quotes of a record, whose bytes are `raw`; none where every cell in quotes ends with one.
pub(crate) fn fault(raw: &[u8], separator: u8) -> Option<&'static str> {
    let mut rest = raw;
    while let Some(first) = rest.first() {
        let end = match first {
            b'"' => {
                let Some(behind) = behind_quotes(&rest[1..]) else {
                    return Some("a quote is opened and never closed");
                };
                rest = without_blanks(behind, separator);
                0
            }
            _ => rest
                .iter()
                .position(|byte| *byte == separator)
                .unwrap_or(rest.len()),
        };
        match rest.get(end) {
            None => return None,
            Some(byte) if *byte == separator => rest = &rest[end + 1..],
            Some(_) => return Some(TEXT_BEHIND),
        }
    }
    None
}

const TEXT_BEHIND: &str =
    "text follows a closing quote: a quote is never closed, or one within quotes is not doubled";

/// What stands behind the quote that closes a cell.
fn behind_quotes(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let end = rest.iter().position(|byte| *byte == b'"')?;
        match rest.get(end + 1) {
            Some(b'"') => rest = &rest[end + 2..],
            _ => return Some(&rest[end + 1..]),
        }
    }
}

/// Without the blanks and line ends at its beginning, among which a tab is none where it separates cells.
fn without_blanks(text: &[u8], separator: u8) -> &[u8] {
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() && *byte != separator;
    let start = text.iter().position(|byte| !is_blank(byte)).unwrap_or(text.len());
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_must_be_closed_before_the_cell_ends() {
        for good in [
            "a,b",
            "\"a,b\",c",
            "\"a \"\"b\"\"\",c\r\n",
            "\"a\" ,b",
            "5\" pipe,b",
            "\"\"",
            "\"a\nb\",c",
            "",
        ] {
            assert_eq!(fault(good.as_bytes(), b','), None, "{good}");
        }
        for bad in ["a,\"b", "\"a\"b,c", "a,\"5\" pipe\",c", "a,\"b\nc,\"d\""] {
            assert!(fault(bad.as_bytes(), b',').is_some(), "{bad}");
        }
        assert_eq!(fault(b"\"a\"\t\"b\"", b'\t'), None);
    }
}
