//! A host in a few lines: calls plugins through the tables of the header, with canaries around everything that is written.
#![allow(unsafe_code, reason = "a host calls functions behind pointers")]
#![allow(dead_code, reason = "not every test wants all of it")]

pub(crate) mod environment;
mod vocabulary;

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;
use std::sync::Mutex;

use gfn_plugin_sdk::abi::{
    self, Batch, EnvironmentTable, Host, Plugin, RewardTable, Scores, Table, VocabularyTable, functions,
};
use gfn_plugin_sdk::json::Json;

#[allow(unused_imports, reason = "not every test wants all of it")]
pub(crate) use vocabulary::Vocabulary;

// SAFETY: the system's own functions, as its manual has them.
unsafe extern "C" {
    fn dlopen(path: *const c_char, flags: i32) -> *mut c_void;
    fn dlsym(library: *mut c_void, symbol: *const c_char) -> *mut c_void;
    fn dlerror() -> *const c_char;
}

/// An entry function around one of the SDK's, as the macros make it, but without a symbol.
#[allow(unused_macros, reason = "not every test wants all of it")]
macro_rules! through {
    ($entry:expr, $text:ident) => {{
        #[allow(unsafe_code, reason = "what the macros do")]
        // SAFETY: the pointers are passed on as they came.
        unsafe extern "C" fn entry(host: *const abi::Host, plugin: *mut abi::Plugin) -> i32 {
            // SAFETY: as above.
            unsafe { $entry(host, plugin, &$text) }
        }
        entry
    }};
}
#[allow(unused_imports, reason = "not every test wants all of it")]
pub(crate) use through;

/// A code other than OK, and the error text.
pub(crate) type Refused = (i32, String);

/// What a plugin has logged, oldest first.
pub(crate) struct Logged(Mutex<Vec<(i32, String)>>);

impl Logged {
    pub(crate) fn take(&self) -> Vec<(i32, String)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

// SAFETY: `context` is the `Logged` of `host`, and the text has `length` bytes.
unsafe extern "C" fn log(context: *mut c_void, level: i32, text: *const c_char, length: u64) {
    // SAFETY: as above.
    let (logged, text) = unsafe {
        (
            &*context.cast::<Logged>(),
            std::slice::from_raw_parts(text.cast::<u8>(), length as usize),
        )
    };
    logged
        .0
        .lock()
        .unwrap()
        .push((level, String::from_utf8_lossy(text).into_owned()));
}

/// A host that is never freed, as the header promises, and its log.
fn host(objects: Option<&str>) -> (&'static Host, &'static Logged) {
    let logged: &'static Logged = Box::leak(Box::new(Logged(Mutex::new(Vec::new()))));
    let objects = objects.map(|text| CString::new(text).unwrap().into_raw().cast_const());
    let host = Box::leak(Box::new(Host {
        context: std::ptr::from_ref(logged).cast_mut().cast(),
        log: Some(log),
        objects: objects.unwrap_or(std::ptr::null()),
        abi_minor: abi::MINOR,
        ..Host::empty()
    }));
    (host, logged)
}

/// A plugin that has introduced itself.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) plugin: Plugin,
    pub(crate) description: Json,
    pub(crate) reward: Option<RewardTable>,
    pub(crate) vocabulary: Option<VocabularyTable>,
    pub(crate) environment: Option<EnvironmentTable>,
}

/// Loads a library.
pub(crate) fn open(path: &Path) -> Loaded {
    let name = CString::new(path.to_str().unwrap()).unwrap();
    // SAFETY: texts with NULs; the symbol is a function of the header's type.
    let entry = unsafe {
        let library = dlopen(name.as_ptr(), 2);
        assert!(
            !library.is_null(),
            "{}",
            CStr::from_ptr(dlerror()).to_string_lossy()
        );
        let symbol = dlsym(library, abi::ENTRY_SYMBOL.as_ptr().cast());
        assert!(!symbol.is_null(), "no entry symbol");
        std::mem::transmute::<*mut c_void, functions::Entry>(symbol)
    };
    enter(entry).expect("the plugin introduces itself")
}

/// Calls an entry function.
pub(crate) fn enter(entry: functions::Entry) -> Result<Loaded, i32> {
    enter_with_room(entry, size_of::<Plugin>())
}

/// Calls an entry function for a host whose `gfn_plugin` has this size; the rest of what is there must stay as it is.
pub(crate) fn enter_with_room(entry: functions::Entry, size: usize) -> Result<Loaded, i32> {
    #[repr(C)]
    struct Room {
        plugin: Plugin,
        beyond: [u8; 64],
    }
    let mut room = Room {
        plugin: Plugin {
            struct_size: size as u32,
            ..Plugin::empty()
        },
        beyond: [0xAA; 64],
    };
    // SAFETY: as the header wants it.
    let code = unsafe { entry(host(None).0, &mut room.plugin) };
    assert_eq!(room.beyond, [0xAA; 64], "the plugin wrote beyond its struct");
    if code != abi::OK {
        return Err(code);
    }
    // SAFETY: the plugin's description and tables are as the header says.
    Ok(unsafe {
        Loaded {
            description: Json::read(CStr::from_ptr(room.plugin.description).to_str().unwrap()).unwrap(),
            reward: abi::read_table(room.plugin.reward),
            vocabulary: abi::read_table(room.plugin.vocabulary),
            environment: abi::read_table(room.plugin.environment),
            plugin: room.plugin,
        }
    })
}

/// Runs a call with an error buffer of this size; a byte behind it must stay as it is.
pub(crate) fn with_error(capacity: usize, call: impl FnOnce(*mut c_char, u64) -> i32) -> Result<(), Refused> {
    let mut buffer = vec![0x55_u8; capacity + 1];
    let pointer = if capacity == 0 {
        std::ptr::null_mut()
    } else {
        buffer.as_mut_ptr().cast()
    };
    let code = call(pointer, capacity as u64);
    assert_eq!(buffer[capacity], 0x55, "the plugin wrote beyond the error's room");
    match code {
        abi::OK => Ok(()),
        code if capacity == 0 => Err((code, String::new())),
        code => {
            assert!(buffer[..capacity].contains(&0), "the error text has no end");
            Err((code, abi::error_text(&buffer[..capacity])))
        }
    }
}

/// A live instance of any kind.
pub(crate) struct Instance {
    pub(crate) pointer: *mut c_void,
    destroy: functions::Destroy,
    pub(crate) logged: &'static Logged,
}

impl Instance {
    pub(crate) fn make(
        (create, destroy): (Option<functions::Create>, Option<functions::Destroy>),
        parameters: &str,
        objects: Option<&str>,
        error_capacity: usize,
    ) -> Result<Self, Refused> {
        let (host, logged) = host(objects);
        let text = CString::new(parameters).unwrap();
        let mut pointer = std::ptr::null_mut();
        let create = create.expect("a create");
        with_error(error_capacity, |error, capacity| {
            // SAFETY: as the header wants it.
            unsafe {
                create(
                    host,
                    text.as_ptr(),
                    parameters.len() as u64,
                    7,
                    &mut pointer,
                    error,
                    capacity,
                )
            }
        })?;
        let destroy = destroy.expect("a destroy");
        Ok(Self {
            pointer,
            destroy,
            logged,
        })
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: the instance is not used again.
        unsafe { (self.destroy)(self.pointer) }
    }
}

/// How a batch fared.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) log_reward: Vec<f64>,
    pub(crate) status: Vec<u8>,
    pub(crate) reasons: BTreeMap<u64, String>,
}

// SAFETY: `context` is the map of `score`, and the text has `length` bytes.
unsafe extern "C" fn explain(context: *mut c_void, index: u64, text: *const c_char, length: u64) {
    // SAFETY: as above.
    let (reasons, text) = unsafe {
        let text = std::slice::from_raw_parts(text.cast::<u8>(), length as usize);
        (&mut *context.cast::<BTreeMap<u64, String>>(), text)
    };
    reasons.insert(index, String::from_utf8_lossy(text).into_owned());
}

/// A live reward.
pub(crate) struct Reward {
    table: RewardTable,
    pub(crate) instance: Instance,
}

impl Reward {
    pub(crate) fn make(table: RewardTable, parameters: &str, objects: Option<&str>) -> Result<Self, Refused> {
        let instance = Instance::make((table.create, table.destroy), parameters, objects, 256)?;
        Ok(Self { table, instance })
    }

    pub(crate) fn texts(&self, objects: &[&str]) -> Result<Outcome, Refused> {
        let text = objects.concat();
        let ends = objects.iter().scan(0, |end, object| {
            *end += object.len() as u64;
            Some(*end)
        });
        let offsets: Vec<u64> = std::iter::once(0).chain(ends).collect();
        self.score(&Batch {
            form: abi::TEXTS,
            count: objects.len() as u64,
            data: text.as_ptr().cast(),
            offsets: offsets.as_ptr(),
            ..Batch::empty()
        })
    }

    pub(crate) fn states(&self, stride: usize, words: &[i32]) -> Result<Outcome, Refused> {
        self.score(&Batch {
            form: abi::STATES,
            count: (words.len() / stride) as u64,
            data: words.as_ptr().cast(),
            stride: stride as u64,
            ..Batch::empty()
        })
    }

    /// Scores any batch, also a wrong one.
    pub(crate) fn score(&self, batch: &Batch) -> Result<Outcome, Refused> {
        const CANARY: u64 = 0x7ff8_dead_beef_0000;
        let count = batch.count as usize;
        let mut log_reward = vec![f64::from_bits(CANARY); count + 2];
        let mut status = vec![0xAA; count + 2];
        status[1..=count].fill(abi::NOT_SCORED);
        let mut reasons = BTreeMap::new();
        let scores = Scores {
            // Within the allocation: there is a canary before and one behind.
            log_reward: log_reward[1..].as_mut_ptr(),
            status: status[1..].as_mut_ptr(),
            context: std::ptr::from_mut(&mut reasons).cast(),
            explain: Some(explain),
            ..Scores::empty()
        };
        let score = self.table.score.expect("a score");
        with_error(256, |error, capacity| {
            // SAFETY: as the header wants it.
            unsafe { score(self.instance.pointer, batch, &scores, error, capacity) }
        })?;
        assert!(
            [log_reward[0], log_reward[count + 1]]
                .iter()
                .all(|canary| canary.to_bits() == CANARY)
        );
        assert_eq!((status[0], status[count + 1]), (0xAA, 0xAA));
        Ok(Outcome {
            log_reward: log_reward[1..=count].to_vec(),
            status: status[1..=count].to_vec(),
            reasons,
        })
    }
}

/// Reads a text as the header wants it: first its length, then the text, into room that just fits.
pub(crate) fn text(
    mut call: impl FnMut(*mut c_char, u64, *mut u64, *mut c_char, u64) -> i32,
) -> Result<String, Refused> {
    let mut needed = 0;
    with_error(256, |error, capacity| {
        call(std::ptr::null_mut(), 0, &mut needed, error, capacity)
    })?;
    let mut buffer = vec![0x55_u8; needed as usize + 1];
    // One byte too few: nothing may be written.
    let short = needed.saturating_sub(1);
    with_error(256, |error, capacity| {
        call(buffer.as_mut_ptr().cast(), short, &mut needed, error, capacity)
    })?;
    assert!(
        buffer.iter().all(|&byte| byte == 0x55),
        "text was written although it does not fit"
    );
    let room = needed;
    with_error(256, |error, capacity| {
        call(buffer.as_mut_ptr().cast(), room, &mut needed, error, capacity)
    })?;
    assert_eq!((needed, buffer.pop()), (room, Some(0x55)));
    Ok(String::from_utf8(buffer).unwrap())
}
