//! Serves a library.
use crate::packets::Packets;
pub(super) fn serve(_packets: &mut Packets) -> Result<(), String> {
    Err("not yet".into())
}
