//! The few things that need the C library itself.
#![allow(
    unsafe_code,
    reason = "closing descriptors that nobody owns, forking, and signals have no safe form"
)]

use std::ffi::{CStr, CString, OsStr, OsString, c_char, c_int, c_void};
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::Pid;

/// Closes every descriptor but the standard three.
pub(super) fn close_all_but_standard() {
    // SAFETY: called first of all, when no object of this program owns a descriptor; it takes numbers, no pointers.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
    if closed == 0 {
        return;
    }
    // Kernels before 5.9.
    for descriptor in 3..1024 {
        // SAFETY: as above.
        unsafe { libc::close(descriptor) };
    }
}

/// Closes every descriptor but one, which is the only one that is still used.
pub(super) fn close_all_but(kept: &impl AsRawFd) {
    let kept = kept.as_raw_fd();
    let (before, after) = (0..=kept - 1, kept + 1..=c_int::MAX);
    for range in [before, after] {
        let (first, last) = (*range.start() as libc::c_uint, *range.end() as libc::c_uint);
        if range.is_empty() {
            continue;
        }
        // SAFETY: it takes numbers, no pointers; the caller uses none of the descriptors any more.
        let closed = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
        if closed != 0 {
            // Kernels before 5.9.
            for descriptor in first..=last.min(1024) {
                // SAFETY: as above.
                unsafe { libc::close(descriptor as c_int) };
            }
        }
    }
}

/// Lets go of standard input and output, which another process goes on with.
pub(super) fn let_go_of_standard() -> io::Result<()> {
    let nowhere = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nowhere)?;
    rustix::stdio::dup2_stdout(&nowhere)?;
    Ok(())
}

/// Which of two processes this is.
pub(super) enum Fork {
    /// The new one.
    Child,
    /// The one that started it.
    Parent(Pid),
}

/// Makes a copy of this process.
pub(super) fn fork() -> io::Result<Fork> {
    // SAFETY: this program has started no thread yet, so that the copy has all that it may need.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        child => Ok(Pid::from_raw(child).map_or(Fork::Child, Fork::Parent)),
    }
}

/// Ends this process, running nothing of what is to run at the end of the program: in a copy, that is the original's to do.
pub(super) fn end_copy() -> ! {
    // SAFETY: a number; nothing of this process runs afterwards.
    unsafe { libc::_exit(0) }
}

/// Three random numbers that a call must carry to become another program: the kernel takes no notice of them, the filter of
/// calls wants them, and they are gone with this program's memory.
#[derive(Clone, Copy)]
pub(super) struct Ticket(pub(super) [u64; 3]);

impl Ticket {
    /// One that nobody else knows.
    pub(super) fn new() -> io::Result<Self> {
        let mut numbers = [0_u64; 3];
        let length = size_of_val(&numbers);
        // SAFETY: the kernel fills the array, which has that many bytes.
        let filled = unsafe { libc::getrandom(numbers.as_mut_ptr().cast(), length, 0) };
        match filled.cast_unsigned() == length {
            true => Ok(Self(numbers)),
            false => Err(io::Error::last_os_error()),
        }
    }

    /// Becomes another program, which is looked for in `PATH` unless its name says where it lies, with `variables` besides
    /// this process's own; returns why that is impossible.
    pub(super) fn become_program(self, words: &[String], variables: &[(&str, &str)]) -> io::Error {
        let texts = |list: Vec<OsString>| -> io::Result<Vec<CString>> {
            let text = |text: OsString| CString::new(text.into_vec()).map_err(io::Error::from);
            list.into_iter().map(text).collect()
        };
        let kept = std::env::vars_os().filter(|(name, _)| variables.iter().all(|(new, _)| name != new));
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        let environment = kept
            .chain(variables)
            .map(|(mut variable, value): (OsString, OsString)| {
                variable.push("=");
                variable.push(value);
                variable
            });
        let texts = texts(words.iter().map(OsString::from).collect())
            .and_then(|words| Ok((words, texts(environment.collect())?)));
        let (words, environment) = match texts {
            Ok(texts) => texts,
            Err(error) => return error,
        };
        let Some(program) = words.first() else {
            return io::ErrorKind::InvalidInput.into();
        };
        // This program ignores the signal, as Rust's do; others expect that it acts.
        // SAFETY: a number, and what the signal does by default.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        let mut refused = None;
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for place in places(program.as_bytes()) {
            last = self.execute(&place, &words, &environment);
            match last.raw_os_error() {
                Some(libc::ENOENT | libc::ENOTDIR) => {}
                Some(libc::EACCES) => refused = Some(libc::EACCES),
                _ => break,
            }
        }
        // SAFETY: as above.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
        match (last.kind(), refused) {
            (io::ErrorKind::NotFound, Some(error)) => io::Error::from_raw_os_error(error),
            _ => last,
        }
    }

    /// Becomes the program at `place`, or the shell for a script that does not say what it is written in.
    fn execute(self, place: &CStr, words: &[CString], environment: &[CString]) -> io::Error {
        let error = self.call(place, words, environment);
        if error.raw_os_error() != Some(libc::ENOEXEC) {
            return error;
        }
        let shell = c"/bin/sh";
        let rest = words.iter().skip(1).cloned();
        let words: Vec<CString> = [shell.to_owned(), place.to_owned()]
            .into_iter()
            .chain(rest)
            .collect();
        self.call(shell, &words, environment)
    }

    fn call(self, place: &CStr, words: &[CString], environment: &[CString]) -> io::Error {
        let pointers = |texts: &[CString]| -> Vec<*const c_char> {
            let ends = std::iter::once(std::ptr::null());
            texts.iter().map(|text| text.as_ptr()).chain(ends).collect()
        };
        let (words, environment) = (pointers(words), pointers(environment));
        let [first, second, third] = self.0;
        // SAFETY: texts that end with 0, and lists of them that end with a null pointer; all live until the call returns.
        unsafe {
            libc::syscall(
                libc::SYS_execve,
                place.as_ptr(),
                words.as_ptr(),
                environment.as_ptr(),
                first,
                second,
                third,
            )
        };
        io::Error::last_os_error()
    }
}

/// Where a program of this name may lie.
fn places(program: &[u8]) -> Vec<CString> {
    if program.contains(&b'/') {
        return CString::new(program).into_iter().collect();
    }
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    let place = |folder: PathBuf| {
        let place = Path::new(".").join(folder).join(OsStr::from_bytes(program));
        CString::new(place.into_os_string().into_vec()).ok()
    };
    std::env::split_paths(&path).filter_map(place).collect()
}

/// The signals that are waited for instead of being acted on.
const WAITED_FOR: [c_int; 5] = [
    libc::SIGCHLD,
    libc::SIGTERM,
    libc::SIGINT,
    libc::SIGHUP,
    libc::SIGQUIT,
];

/// Signals to be read.
pub(super) struct Signals(OwnedFd);

impl Signals {
    /// Has signals wait until they are taken.
    pub(super) fn block() -> io::Result<Self> {
        let set = set_of(&WAITED_FOR);
        change_mask(libc::SIG_BLOCK, &set)?;
        // SAFETY: the set is complete; a new descriptor is returned, or -1.
        let file = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        if file < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: nobody else owns it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(file) }))
    }

    /// Those that came.
    pub(super) fn take(&self) -> impl Iterator<Item = c_int> {
        std::iter::from_fn(|| {
            let mut signal = [0; size_of::<libc::signalfd_siginfo>()];
            rustix::io::read(&self.0, &mut signal).ok()?;
            // The first word is the signal's number.
            let number = signal.first_chunk().map(|bytes| i32::from_ne_bytes(*bytes));
            number.filter(|number| *number > 0)
        })
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Has signals act as usual again.
pub(super) fn unblock_signals() -> io::Result<()> {
    change_mask(libc::SIG_SETMASK, &set_of(&[]))
}

fn set_of(signals: &[c_int]) -> libc::sigset_t {
    // SAFETY: a set of bits, made empty right away; the numbers are those of signals.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in signals {
            libc::sigaddset(&raw mut set, *signal);
        }
        set
    }
}

fn change_mask(how: c_int, set: &libc::sigset_t) -> io::Result<()> {
    // SAFETY: the set is read, and the old mask is not asked for.
    match unsafe { libc::sigprocmask(how, set, std::ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Ends this process as another one ended, by the same signal or with the same code, without a dump of memory.
pub(super) fn end_as(status: Option<ExitStatus>) -> ExitCode {
    let Some(status) = status else {
        return ExitCode::FAILURE;
    };
    if let Some(signal) = status.signal() {
        let none = rustix::process::Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
        let _ = unblock_signals();
        // SAFETY: numbers; the signal acts as it does by default, and ends the process.
        unsafe {
            libc::prctl(libc::PR_SET_DUMPABLE, 0);
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
    }
    status
        .code()
        .map_or(ExitCode::FAILURE, |code| ExitCode::from(code as u8))
}

/// The memory that the plugin may only read, and all that lies around what it was given.
static READ_ONLY: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
static INPUT: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
static OUTPUT: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];

/// Stretches of addresses.
pub(crate) struct Stretches {
    /// Input, which can only be read.
    pub(crate) read_only: Range<usize>,
    /// Input with the pages around it.
    pub(crate) input: Range<usize>,
    /// Output with the pages around it.
    pub(crate) output: Range<usize>,
}

/// Has the process say what the plugin did, when it ends by touching memory around its input or output.
pub(crate) fn tell_faults(stretches: &Stretches) {
    let places = [
        (&READ_ONLY, &stretches.read_only),
        (&INPUT, &stretches.input),
        (&OUTPUT, &stretches.output),
    ];
    for (place, stretch) in places {
        place[0].store(stretch.start, Ordering::Relaxed);
        place[1].store(stretch.end, Ordering::Relaxed);
    }
    // SAFETY: a struct of integers, which may all be 0.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_fault as *const () as usize;
    // Once: the second time, the signal ends the process, as it should.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESETHAND | libc::SA_NODEFER;
    // SAFETY: the handler keeps to what a handler of signals may do; it reads numbers and writes a line.
    unsafe { libc::sigaction(libc::SIGSEGV, &action, std::ptr::null_mut()) };
}

extern "C" fn on_fault(_: c_int, information: *const libc::siginfo_t, _: *const c_void) {
    // SAFETY: with SA_SIGINFO the kernel gives a valid pointer, and for this signal an address.
    let address = unsafe { (*information).si_addr() } as usize;
    let within = |place: &[AtomicUsize; 2]| {
        (place[0].load(Ordering::Relaxed)..place[1].load(Ordering::Relaxed)).contains(&address)
    };
    let line: &[u8] = if within(&READ_ONLY) {
        b"gfn-plugin-host: the plugin wrote to its input, which it may only read\n"
    } else if within(&INPUT) {
        b"gfn-plugin-host: the plugin went beyond its input\n"
    } else if within(&OUTPUT) {
        b"gfn-plugin-host: the plugin went beyond its output\n"
    } else {
        return;
    };
    // SAFETY: the line is as long as it says.
    unsafe { libc::write(2, line.as_ptr().cast(), line.len()) };
}
