//! Packets of JSON over a socket that keeps them apart.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::cmsg_space;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recv, recvmsg, sendmsg, socketpair, sockopt,
};
use serde::Serialize;

use crate::protocol::LONGEST_PACKET;

/// One end of a socket.
pub(crate) struct Packets {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

/// Two ends: ours, and one for another process.
pub(crate) fn pair() -> io::Result<(Packets, OwnedFd)> {
    let (ours, theirs) = socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )?;
    for end in [&ours, &theirs] {
        // The kernel's own limit may be lower; then the longest packet is shorter.
        let forced = sockopt::set_socket_send_buffer_size_force(end, LONGEST_PACKET);
        forced.or_else(|_| sockopt::set_socket_send_buffer_size(end, LONGEST_PACKET))?;
    }
    Ok((Packets::new(ours), theirs))
}

impl Packets {
    /// An end of a socket of packets.
    pub(crate) fn new(socket: OwnedFd) -> Self {
        let buffer = vec![0; LONGEST_PACKET];
        Self { socket, buffer }
    }

    /// The socket, to wait for.
    pub(crate) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Sends a packet and descriptors along with it, at most two. It does not wait: an other side that lets packets pile
    /// up is not listening.
    pub(crate) fn send(&self, message: &impl Serialize, files: &[BorrowedFd<'_>]) -> io::Result<()> {
        let text = serde_json::to_vec(message)?;
        if text.len() > LONGEST_PACKET {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(2))];
        let mut along = SendAncillaryBuffer::new(&mut space);
        if !files.is_empty() && !along.push(SendAncillaryMessage::ScmRights(files)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        retried(|| sendmsg(&self.socket, &[IoSlice::new(&text)], &mut along, flags))?;
        Ok(())
    }

    /// The next packet; `None` at the end. Descriptors that come along are closed unseen.
    pub(crate) fn receive(&mut self) -> io::Result<Option<&[u8]>> {
        let (socket, buffer) = (&self.socket, &mut self.buffer);
        let (_, length) = retried(|| recv(socket, &mut buffer[..], RecvFlags::TRUNC))?;
        self.packet(length)
    }

    /// The next packet with the descriptors that came along; `None` at the end.
    pub(crate) fn receive_with_files(&mut self) -> io::Result<Option<(&[u8], Vec<OwnedFd>)>> {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(2))];
        let mut along = RecvAncillaryBuffer::new(&mut space);
        let (socket, buffer) = (&self.socket, &mut self.buffer);
        let flags = RecvFlags::TRUNC | RecvFlags::CMSG_CLOEXEC;
        let received =
            retried(|| recvmsg(socket, &mut [IoSliceMut::new(&mut buffer[..])], &mut along, flags))?;
        let files = along.drain().flat_map(|message| match message {
            RecvAncillaryMessage::ScmRights(files) => files.collect(),
            _ => Vec::new(),
        });
        let files: Vec<OwnedFd> = files.collect();
        Ok(self.packet(received.bytes)?.map(|packet| (packet, files)))
    }

    fn packet(&self, length: usize) -> io::Result<Option<&[u8]>> {
        match length {
            0 => Ok(None),
            length => self
                .buffer
                .get(..length)
                .map(Some)
                .ok_or(io::ErrorKind::FileTooLarge.into()),
        }
    }
}

/// Again where a signal came in between.
fn retried<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn packets_stay_apart_and_the_end_is_seen() {
        let (ours, theirs) = pair().unwrap();
        let mut theirs = Packets::new(theirs);
        ours.send(&"one", &[]).unwrap();
        ours.send(&["two"; 2], &[]).unwrap();
        drop(ours);
        assert_eq!(theirs.receive().unwrap(), Some(&b"\"one\""[..]));
        assert_eq!(theirs.receive().unwrap(), Some(&b"[\"two\",\"two\"]"[..]));
        assert_eq!(theirs.receive().unwrap(), None);
    }

    #[test]
    fn descriptors_come_along_or_are_closed() {
        let (ours, theirs) = pair().unwrap();
        let mut theirs = Packets::new(theirs);
        let file = File::open("/dev/null").unwrap();
        let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let before = open();
        for _ in 0..2 {
            ours.send(&1, &[file.as_fd(), file.as_fd()]).unwrap();
        }
        assert_eq!(theirs.receive_with_files().unwrap().unwrap().1.len(), 2);
        assert_eq!(theirs.receive().unwrap(), Some(&b"1"[..]));
        // Other tests open files at the same time, few.
        assert!(open() < before + 50);
    }

    #[test]
    fn a_side_that_does_not_listen_is_not_waited_for() {
        let (ours, _theirs) = pair().unwrap();
        let sent = (0..10_000).map(|_| ours.send(&"x".repeat(10_000), &[]));
        assert!(sent.into_iter().any(|sent| sent.is_err()));
    }
}
