//! Memory that ends where a page ends that nobody can touch.

use std::io;

use crate::checker::report::Problem;
use crate::memory::{Access, Mapping, Shared};
use crate::worker::system::{Stretches, tell_faults};

/// Bytes at the very end of a mapping: what reads or writes behind them ends the process.
pub(super) struct AtTheEnd {
    mapping: Mapping,
    offset: usize,
    len: usize,
}

impl AtTheEnd {
    /// Bytes that can only be read.
    pub(super) fn holding(bytes: &[u8]) -> Result<Self, Problem> {
        Self::new(bytes, Access::Read).map_err(no_memory)
    }

    /// Zeros that can be written to.
    pub(super) fn zeros(len: usize) -> Result<Self, Problem> {
        Self::new(&vec![0; len], Access::Write).map_err(no_memory)
    }

    fn new(bytes: &[u8], access: Access) -> io::Result<Self> {
        let mut shared = Shared::new(c"gfn-trial", bytes.len(), access)?;
        let size = shared.mapping.len();
        let offset = size - bytes.len();
        shared.mapping.write(offset, bytes);
        let mapping = Mapping::new(shared.file(), size, access)?;
        Ok(Self {
            mapping,
            offset,
            len: bytes.len(),
        })
    }

    /// The first of the bytes.
    pub(super) fn start(&self) -> *mut u8 {
        self.mapping.start().wrapping_add(self.offset)
    }

    /// The bytes as they are now.
    pub(super) fn read(&self) -> Vec<u8> {
        self.mapping.read(self.offset, self.len)
    }
}

/// Has this process say what the plugin did, where it touches what lies around its input or output.
pub(super) fn watch(input: &AtTheEnd, output: &AtTheEnd) {
    let start = input.mapping.start().addr();
    tell_faults(&Stretches {
        read_only: start..start + input.mapping.len(),
        input: input.mapping.surroundings(),
        output: output.mapping.surroundings(),
    });
}

fn no_memory(error: io::Error) -> Problem {
    Problem::Skip(format!("there is no memory for this check: {error}"))
}
