//! What a user says about batch systems, and what is wrong with it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::is_word;

/// How the elements of a sweep run under Slurm. What is left out is as the cluster has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Slurm {
    /// The partition, or several with commas between them: the first that has room is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"gpu")]
    pub partition: Option<String>,
    /// The account that is charged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"chemistry")]
    pub account: Option<String>,
    /// The quality of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"normal")]
    pub qos: Option<String>,
    /// Features that a node must have, as `--constraint` takes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"a100|h100")]
    pub constraint: Option<String>,
    /// The time that an element may take, as Slurm writes it: `minutes`, `hours:minutes:seconds`, `days-hours`. A trial that is
    /// not done by then is saved and goes on when its element runs again, so this need not be the time that trials take.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"8:00:00")]
    pub time: Option<String>,
    /// The memory of an element, as Slurm writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"8G")]
    pub memory: Option<String>,
    /// Processors of an element.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000), extend("x-unit" = "CPUs"), example = 4)]
    pub cpus: Option<u64>,
    /// GPUs of an element.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000), extend("x-unit" = "GPUs"), example = 1)]
    pub gpus: Option<u64>,
    /// Other generic resources, as `--gres` takes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"gpu:a100:1")]
    pub gres: Option<String>,
    /// Elements that run at the same time, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "elements"), example = 16)]
    pub at_once: Option<u64>,
    /// Elements where settings depend on results: each takes one trial after another. Elsewhere every trial has its own.
    #[schemars(range(min = 1, max = 1000), extend("x-unit" = "elements"))]
    pub workers: u64,
    /// How long before its time is up an element is told to save and queues again. Slurm is late or early by up to a minute.
    #[schemars(range(min = 1, max = 65_535), extend("x-unit" = "seconds"))]
    pub warning: u64,
    /// Environment modules that are loaded first.
    #[schemars(extend("examples" = [["cuda/12.8"]]))]
    pub modules: Vec<String>,
    /// Lines of shell that run first. They are shown, and run only once you allowed it (`--allow-commands`).
    #[schemars(extend("examples" = [["source ~/gfn/activate"]]))]
    pub prelude: Vec<String>,
    /// The words of a command that `gfn` is run by, such as a container's. They are shown, and run only once you allowed it
    /// (`--allow-commands`).
    #[schemars(extend("examples" = [["apptainer", "exec", "--nv", "gfn.sif"]]))]
    pub container: Vec<String>,
    /// Further options of `sbatch`.
    #[schemars(extend("examples" = [["--exclude=node17", "--nice=100"]]))]
    pub options: Vec<String>,
    /// How long a program of Slurm may take to answer.
    #[schemars(range(min = 1, max = 3600), extend("x-unit" = "seconds"))]
    pub client_timeout: u64,
}

impl Default for Slurm {
    fn default() -> Self {
        Self {
            partition: None,
            account: None,
            qos: None,
            constraint: None,
            time: None,
            memory: None,
            cpus: None,
            gpus: None,
            gres: None,
            at_once: None,
            workers: 4,
            warning: 120,
            modules: Vec::new(),
            prelude: Vec::new(),
            container: Vec::new(),
            options: Vec::new(),
            client_timeout: 10,
        }
    }
}

/// How any other batch system with job arrays is given a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The words of the command that submits an array. `{script}` stands for the batch script, `{count}` for the number of its
    /// elements, `{first}` and `{last}` for the numbers of the first and the last, `{name}` for a name. The command is shown, and
    /// runs only once you allowed it (`--allow-commands`).
    #[schemars(extend("examples" = [["qsub", "-N", "{name}", "-t", "{first}-{last}", "{script}"]]))]
    pub submit: Vec<String>,
    /// The variable in which an element finds its number.
    #[schemars(example = &"SGE_TASK_ID")]
    pub index: String,
    /// The number of the first element.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 1), extend("x-unit" = "number"))]
    pub first: u64,
    /// Elements where settings depend on results: each takes one trial after another. Elsewhere every trial has its own.
    #[serde(default = "four")]
    #[schemars(range(min = 1, max = 1000), extend("x-unit" = "elements"))]
    pub workers: u64,
    /// Most elements of one array.
    #[serde(default = "thousand")]
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "elements"))]
    pub most: u64,
    /// Lines of shell that run first. They are shown, and run only once you allowed it (`--allow-commands`).
    #[serde(default)]
    #[schemars(extend("examples" = [["#$ -l h_rt=8:00:00", "module load cuda"]]))]
    pub prelude: Vec<String>,
    /// How long the command may take.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 3600), extend("x-unit" = "seconds"))]
    pub client_timeout: u64,
}

fn one() -> u64 {
    1
}

fn four() -> u64 {
    4
}

fn ten() -> u64 {
    10
}

fn thousand() -> u64 {
    1000
}

/// The manifest with which a sweep runs on Kubernetes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Kubernetes {
    /// The image, in which `gfn` is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"registry.example/gfn:0.1")]
    pub image: Option<String>,
    /// The persistent volume claim on which the sweep's folder lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"results")]
    pub claim: Option<String>,
    /// Where containers see that volume; the sweep's folder is expected there under its own name.
    pub mount: String,
    /// The namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"research")]
    pub namespace: Option<String>,
    /// The words of the command in the image.
    pub command: Vec<String>,
    /// Processors of a pod, as Kubernetes writes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"2")]
    pub cpus: Option<String>,
    /// Memory of a pod, as Kubernetes writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"8Gi")]
    pub memory: Option<String>,
    /// GPUs of a pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000), extend("x-unit" = "GPUs"), example = 1)]
    pub gpus: Option<u64>,
    /// Pods at the same time, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "pods"), example = 16)]
    pub at_once: Option<u64>,
    /// Pods where settings depend on results: each takes one trial after another. Elsewhere every trial has its own.
    #[schemars(range(min = 1, max = 1000), extend("x-unit" = "pods"))]
    pub workers: u64,
    /// The local queue of Kueue in which the job waits, if Kueue is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"gpus")]
    pub queue: Option<String>,
    /// How long a pod that is told to end may take to save.
    #[schemars(range(min = 1, max = 86_400), extend("x-unit" = "seconds"))]
    pub grace: u64,
}

impl Default for Kubernetes {
    fn default() -> Self {
        Self {
            image: None,
            claim: None,
            mount: "/sweeps".into(),
            namespace: None,
            command: vec!["gfn".into()],
            cpus: None,
            memory: None,
            gpus: None,
            at_once: None,
            workers: 4,
            queue: None,
            grace: 120,
        }
    }
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Its key.
    pub key: &'static str,
    /// What is wrong, as the end of a sentence that begins with the key.
    pub message: String,
    /// What to do.
    pub help: String,
}

fn wrong(key: &'static str, message: impl Into<String>, help: impl Into<String>) -> Wrong {
    Wrong {
        key,
        message: message.into(),
        help: help.into(),
    }
}

/// A value that must be one word with these signs.
fn word(key: &'static str, value: Option<&String>, signs: &str, found: &mut Vec<Wrong>) {
    if let Some(value) = value.filter(|value| !is_word(value, signs)) {
        let help = format!("write one word of letters, digits and any of `{signs}`");
        found.push(wrong(
            key,
            format!("is {value:?}, which a batch script cannot hold"),
            help,
        ));
    }
}

/// Lines that must be lines.
fn lines(key: &'static str, lines: &[String], found: &mut Vec<Wrong>) {
    if let Some(line) = lines.iter().find(|line| line.contains(['\n', '\r', '\0'])) {
        found.push(wrong(
            key,
            format!("has an entry with a line break: {line:?}"),
            "write one entry for each line",
        ));
    }
}

/// Options of `sbatch` that have a setting of their own, or that `gfn` gives.
const OWN: [&str; 24] = [
    "account",
    "array",
    "chdir",
    "constraint",
    "cpus-per-task",
    "dependency",
    "error",
    "export",
    "gpus",
    "gres",
    "input",
    "job-name",
    "mem",
    "no-requeue",
    "open-mode",
    "output",
    "parsable",
    "partition",
    "qos",
    "requeue",
    "signal",
    "time",
    "wait",
    "wrap",
];

impl Slurm {
    /// What is wrong with the settings, each for itself.
    pub fn wrong(&self) -> Vec<Wrong> {
        let mut found = Vec::new();
        word("partition", self.partition.as_ref(), "._-,", &mut found);
        word("account", self.account.as_ref(), "._-", &mut found);
        word("qos", self.qos.as_ref(), "._-", &mut found);
        word(
            "constraint",
            self.constraint.as_ref(),
            "._-,&|*()[]:=",
            &mut found,
        );
        word("gres", self.gres.as_ref(), "._-,:=", &mut found);
        if let Some(time) = self.time.as_ref().filter(|time| !is_time(time)) {
            let help = "write minutes, `hours:minutes:seconds`, `days-hours` or `days-hours:minutes:seconds`, as in \"8:00:00\"";
            found.push(wrong(
                "time",
                format!("is {time:?}, which is no time of Slurm's"),
                help,
            ));
        }
        if let Some(memory) = self.memory.as_ref().filter(|memory| !is_memory(memory)) {
            let help = "write a whole number and one of the letters K, M, G and T, as in \"8G\"";
            found.push(wrong(
                "memory",
                format!("is {memory:?}, which is no amount of memory"),
                help,
            ));
        }
        if let Some(module) = self.modules.iter().find(|module| !is_word(module, "._-/+@:=")) {
            found.push(wrong(
                "modules",
                format!("names {module:?}, which is no module's name"),
                "write one module an entry",
            ));
        }
        lines("prelude", &self.prelude, &mut found);
        lines("container", &self.container, &mut found);
        found.extend(self.options.iter().filter_map(|option| wrong_option(option)));
        found
    }
}

fn wrong_option(option: &str) -> Option<Wrong> {
    let (name, value) = option
        .split_once('=')
        .map_or((option, None), |(name, value)| (name, Some(value)));
    let name = name.strip_prefix("--").filter(|name| is_word(name, "-"));
    let fits = value.is_none_or(|value| is_word(value, "._-,:=&|*()[]@/%+"));
    match name {
        // Slurm takes the beginning of a name for the name.
        Some(name) if OWN.iter().any(|own| own.starts_with(name)) => Some(wrong(
            "options",
            format!("has `{option}`, which `gfn` gives itself"),
            "use the setting for it, if there is one",
        )),
        Some(_) if fits => None,
        _ => Some(wrong(
            "options",
            format!("has {option:?}, which is no option that a batch script can hold"),
            "write options in their long form, as in \"--exclude=node17\"",
        )),
    }
}

/// `minutes`, `minutes:seconds`, `hours:minutes:seconds`, `days-hours`, `days-hours:minutes`, `days-hours:minutes:seconds`.
fn is_time(text: &str) -> bool {
    let (days, rest) = text
        .split_once('-')
        .map_or((None, text), |(days, rest)| (Some(days), rest));
    let is_number =
        |part: &str| (1..=6).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = rest.split(':').collect();
    days.is_none_or(is_number) && parts.len() <= 3 && parts.iter().all(|part| is_number(part))
}

fn is_memory(text: &str) -> bool {
    let number = text.strip_suffix(['K', 'M', 'G', 'T']).unwrap_or(text);
    (1..=12).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
}

impl Command {
    /// What is wrong with the settings.
    pub fn wrong(&self) -> Vec<Wrong> {
        let mut found = Vec::new();
        if !self.submit.iter().any(|word| word.contains("{script}")) {
            let help = "as in [\"qsub\", \"-t\", \"{first}-{last}\", \"{script}\"]";
            found.push(wrong(
                "submit",
                "does not say where the batch script goes: it has no `{script}`",
                help,
            ));
        }
        if self
            .submit
            .first()
            .is_some_and(|program| program.is_empty() || program.contains('{'))
        {
            found.push(wrong("submit", "must begin with a program", "as in \"qsub\""));
        }
        lines("submit", &self.submit, &mut found);
        lines("prelude", &self.prelude, &mut found);
        let first = self.index.chars().next();
        if !is_word(&self.index, "_") || first.is_some_and(|first| first.is_ascii_digit()) {
            let message = format!("is {:?}, which is no variable's name", self.index);
            found.push(wrong(
                "index",
                message,
                "as in \"SGE_TASK_ID\", \"PBS_ARRAY_INDEX\" or \"LSB_JOBINDEX\"",
            ));
        }
        found
    }
}

impl Kubernetes {
    /// What is wrong with the settings.
    pub fn wrong(&self) -> Vec<Wrong> {
        let mut found = Vec::new();
        word("image", self.image.as_ref(), "._-/:@", &mut found);
        for (key, value) in [
            ("claim", &self.claim),
            ("namespace", &self.namespace),
            ("queue", &self.queue),
        ] {
            word(key, value.as_ref(), ".-", &mut found);
        }
        word("cpus", self.cpus.as_ref(), ".", &mut found);
        word("memory", self.memory.as_ref(), ".", &mut found);
        if !self.mount.starts_with('/') || self.mount.contains([':', '\n']) {
            found.push(wrong(
                "mount",
                format!("is {:?}, which is no absolute path", self.mount),
                "as in \"/sweeps\"",
            ));
        }
        if self.command.first().is_none_or(String::is_empty) {
            found.push(wrong("command", "is empty", "as in [\"gfn\"]"));
        }
        found
    }
}
