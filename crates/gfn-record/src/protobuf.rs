//! Messages of Protocol Buffers, written field by field: few are used here, and these lines are fewer than what a compiler of them
//! would add.

/// A field of text, of bytes, or of another message.
pub(crate) fn bytes_field(number: u64, bytes: &[u8]) -> Vec<u8> {
    [key(number, 2), varint(bytes.len() as u64), bytes.to_vec()].concat()
}

/// A field of a whole number, a truth value or one of several names.
pub(crate) fn whole_field(number: u64, value: u64) -> Vec<u8> {
    [key(number, 0), varint(value)].concat()
}

/// A field of a number in double precision.
pub(crate) fn double_field(number: u64, value: f64) -> Vec<u8> {
    [key(number, 1), value.to_le_bytes().to_vec()].concat()
}

/// A field of a number in single precision.
pub(crate) fn single_field(number: u64, value: f32) -> Vec<u8> {
    [key(number, 5), value.to_le_bytes().to_vec()].concat()
}

/// What goes before a field: its number and how it is encoded.
fn key(number: u64, wire_type: u64) -> Vec<u8> {
    varint(number << 3 | wire_type)
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
