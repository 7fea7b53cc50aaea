//! `gfn proxy`: fitting one to a table, and telling of one.

use std::fmt::Write as _;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use gfn_fit::{
    Censored, Columns, Decimal, Evaluation, Fitted, Merge, Reading, Settings, Source, Table, TableError,
    Transform, fit as fit_to,
};
use gfn_proxy::fitted::{Direction, Metadata, Proxy, SplitKind, to_bytes};
use gfn_record::number::shown;
use gfn_record::rejected;
use gfn_report::{FitPage, FittedMember, TestedMolecule, fit_page};
use gfn_runner::observers::FitProgress;
use gfn_text::counted;

use super::{print, print_json};
use crate::args::{CensoredArg, FitArgs, MergeArg, ProxyCommand, SplitArg, TransformArg};
use crate::exit::Failure;
use crate::output;

pub(crate) fn proxy(command: ProxyCommand) -> Result<(), Failure> {
    match command {
        ProxyCommand::Fit(args) => fit(&args),
        ProxyCommand::Info { file, json } => info(&file, json),
    }
}

fn fit(args: &FitArgs) -> Result<(), Failure> {
    let places = Places::of(args)?;
    let source = Source::open(&args.data, args.separator).map_err(refused)?;
    source.note().into_iter().for_each(|note| say("note", &note));
    let table = Table::of(&source, &reading(args)).map_err(|error| refused_table(error, &places.rejected))?;
    rejected::write(&places.rejected, &table.skipped).map_err(refused)?;
    let settings = settings(args);
    let began = Instant::now();
    let progress = FitProgress::new(&settings, args.quiet);
    let fitted = fit_to(&table, &settings, &|epoch| {
        progress.on_epoch(epoch);
        ControlFlow::Continue(())
    });
    progress.finish();
    let fitted = fitted.map_err(refused)?;
    output::write(&places.out, &to_bytes(&fitted.proxy))?;
    let mut text = summary(&table, &fitted);
    let seconds = began.elapsed().as_secs_f64();
    let _ = writeln!(
        text,
        "\n{} ({}, fitted in {seconds:.1} s)",
        places.out.display(),
        counted(args.ensemble, "network")
    );
    if let Some(page) = &places.page {
        output::write(page, fit_page(&page_of(&table, &fitted)).as_bytes())?;
        let _ = writeln!(text, "report: {}", page.display());
    }
    if !table.skipped.is_empty() {
        let _ = writeln!(
            text,
            "{} lists the rows that cannot be used",
            places.rejected.display()
        );
    }
    print(&text)?;
    // Last, where it is seen.
    let warnings = &fitted.proxy.metadata().warnings;
    warnings.iter().for_each(|warning| say("warning", warning));
    Ok(())
}

/// A line that is no result.
fn say(kind: &str, line: &str) {
    let _ = writeln!(gfn_text::stderr(), "{kind}: {line}");
}

/// What a fit writes.
struct Places {
    out: PathBuf,
    page: Option<PathBuf>,
    /// The list of rows that cannot be used.
    rejected: PathBuf,
}

impl Places {
    /// Files that can be written, where none replaces another or the table. Told before anything is fitted: what was replaced is
    /// lost, and so is a fit that has no place.
    fn of(args: &FitArgs) -> Result<Self, Failure> {
        let out = args.out.clone().unwrap_or_else(|| default_out(&args.data));
        let page = (!args.no_report).then(|| out.with_extension("html"));
        let place = resolved(&out).map_err(Failure::usage)?;
        if place.is_dir() {
            let message = format!("`{}` is a folder: name a file with `--out`", out.display());
            return Err(Failure::usage(message));
        }
        if let Err(error) = must_be_file_or_free(&place) {
            let message = format!("`{}`: {error}; name a file with `--out`", out.display());
            return Err(Failure::usage(message));
        }
        // The table may be named by a link to it, too.
        let tables = [resolved(&args.data).ok(), args.data.canonicalize().ok()];
        let is_table = |place: &PathBuf| tables.iter().flatten().any(|table| table == place);
        if is_table(&place) {
            return Err(replaces("proxy", "table", &out, ""));
        }
        let place_of_page = place.with_extension("html");
        let lost = match &page {
            Some(_) if place_of_page == place => Some("proxy"),
            Some(_) if is_table(&place_of_page) => Some("table"),
            _ => None,
        };
        match (&page, lost) {
            (Some(page), Some(lost)) => Err(replaces(
                "page with the errors",
                lost,
                page,
                ", or make no page with `--no-report`",
            )),
            _ if is_table(&place.with_extension(rejected::EXTENSION)) => {
                let rejected = out.with_extension(rejected::EXTENSION);
                Err(replaces("list of bad rows", "table", &rejected, ""))
            }
            _ if args.out.is_none() => {
                may_replace(&out, page.as_deref(), &args.data).map_err(Failure::usage)?;
                Ok(Self::at(out, page))
            }
            _ => Ok(Self::at(out, page)),
        }
    }

    fn at(out: PathBuf, page: Option<PathBuf>) -> Self {
        Self {
            rejected: out.with_extension(rejected::EXTENSION),
            out,
            page,
        }
    }
}

/// Files under names that nobody typed replace those of an earlier fit to the table alone.
fn may_replace(out: &Path, page: Option<&Path>, data: &Path) -> Result<(), String> {
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    let is_of_table = |bytes: &[u8]| {
        let proxy = gfn_proxy::fitted::from_bytes(out, bytes);
        proxy.is_ok_and(|proxy| proxy.metadata().data.file == name)
    };
    let what = format!("a proxy of `{name}`");
    let or = "name the file to write with `--out`";
    output::may_replace(out, usize::MAX, is_of_table, (&what, or))?;
    let is_page = |begin: &[u8]| gfn_report::is_page(begin);
    page.map_or(Ok(()), |page| {
        output::may_replace(page, gfn_report::HEAD, is_page, ("a page that gfn made", or))
    })
}

fn replaces(written: &str, lost: &str, file: &Path, or: &str) -> Failure {
    Failure::usage(format!(
        "the {written} would replace the {lost}, `{}`: name another file with `--out`{or}",
        file.display()
    ))
}

/// A path by which a file is known however it is named; its folder must be there.
fn resolved(path: &Path) -> Result<PathBuf, String> {
    let name = path
        .file_name()
        .ok_or_else(|| format!("`{}` names no file", path.display()))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    match folder.canonicalize() {
        Ok(found) if found.is_dir() => Ok(found.join(name)),
        _ => Err(format!(
            "there is no folder `{}` for the file `{}`",
            folder.display(),
            path.display()
        )),
    }
}

/// What is wrong with the table, how to do without its bad rows, and where all of them are listed.
fn refused_table(error: TableError, list: &Path) -> Failure {
    let TableError::BadRows { rows, .. } = &error else {
        return refused(error);
    };
    let all = match rejected::write(list, rows) {
        Ok(()) => format!("`{}` lists all of them", list.display()),
        Err(failure) => format!("they are not listed in a file: {failure}"),
    };
    refused(format!("{error}; `--skip-bad` leaves them out; {all}"))
}

/// What is wrong with the table or the settings, and not with the work.
fn refused(error: impl std::fmt::Display) -> Failure {
    Failure::usage(error.to_string())
}

/// What the user says of the table.
fn reading(args: &FitArgs) -> Reading {
    Reading {
        columns: Columns {
            smiles: args.smiles.clone(),
            value: args.value.clone(),
        },
        decimal: match args.decimal_comma {
            true => Decimal::Comma,
            false => Decimal::Point,
        },
        filters: args.filters.clone(),
        censored: args.censored.map(|censored| match censored {
            CensoredArg::Drop => Censored::Drop,
            CensoredArg::AsExact => Censored::AsExact,
        }),
        transform: match args.transform {
            TransformArg::None => Transform::None,
            TransformArg::Log10 => Transform::Log10,
            TransformArg::NegativeLog10 => Transform::NegativeLog10,
        },
        merge: match args.merge {
            MergeArg::Mean => Merge::Mean,
            MergeArg::Median => Merge::Median,
            MergeArg::Geometric => Merge::Geometric,
        },
        unit: args.unit.clone(),
        skip_bad: args.skip_bad,
    }
}

fn settings(args: &FitArgs) -> Settings {
    let processors = std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN);
    Settings {
        seed: args.seed,
        members: args.ensemble,
        epochs: args.epochs,
        patience: args.patience,
        hidden: args.hidden,
        rounds: args.rounds,
        batch_size: args.batch_size,
        learning_rate: args.learning_rate,
        split: match args.split {
            SplitArg::Random => SplitKind::Random,
            SplitArg::Scaffold => SplitKind::Scaffold,
        },
        direction: match args.minimize {
            true => Direction::Minimize,
            false => Direction::Maximize,
        },
        threads: args
            .threads
            .and_then(std::num::NonZeroUsize::new)
            .unwrap_or(processors),
        ..Settings::default()
    }
}

fn default_out(data: &Path) -> PathBuf {
    let stem = data.file_stem().unwrap_or(data.as_os_str()).to_string_lossy();
    PathBuf::from(format!("{stem}.proxy.safetensors"))
}

/// Fails where there is something else than a regular file, or nothing.
fn must_be_file_or_free(path: &Path) -> std::io::Result<()> {
    match std::fs::metadata(path) {
        Ok(found) => gfn_files::must_be_regular(&found),
        Err(_) => Ok(()),
    }
}

/// What was learned from, in a line.
fn origin(metadata: &Metadata) -> String {
    let (data, split) = (&metadata.data, &metadata.split);
    let left_out = [
        (data.others, "of other values"),
        (data.censored, "bounds"),
        (data.skipped, "left out"),
    ];
    let skipped: String = left_out
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!(", {count} {what}"))
        .collect();
    format!(
        "{}: {}{skipped}, {}, of which {} to train, {} to validate, {} to test ({} split)",
        data.file,
        counted(data.rows, "row"),
        counted(data.molecules, "molecule"),
        split.training,
        split.validation,
        split.test,
        match split.kind {
            SplitKind::Random => "random",
            SplitKind::Scaffold => "scaffold",
        }
    )
}

/// The errors on test molecules, beside those of always predicting the mean.
fn errors(metadata: &Metadata) -> String {
    let errors = &metadata.errors;
    let optional = |value: Option<f64>| value.map_or("-".into(), shown);
    let rows = [
        (
            "root mean square error",
            shown(errors.mean_rmse),
            shown(errors.rmse),
        ),
        ("mean absolute error", shown(errors.mean_mae), shown(errors.mae)),
        ("R2", "0".into(), optional(errors.r2)),
        ("rank correlation", "-".into(), optional(errors.spearman)),
    ];
    let mut text = format!(
        "{:<28} {:>17}  {:>10}\n",
        "test molecules", "always the mean", "proxy"
    );
    for (name, without, with) in rows {
        let _ = writeln!(text, "{name:<28} {without:>17}  {with:>10}");
    }
    text
}

fn summary(table: &Table, fitted: &Fitted) -> String {
    let metadata = fitted.proxy.metadata();
    let mut text = origin(metadata) + "\n";
    if let Some(repeats) = table.repeats {
        let _ = writeln!(
            text,
            "{} of a repeated molecule; the standard deviation of its values is {}",
            counted(repeats.rows, "row"),
            shown(repeats.deviation)
        );
    }
    let (rows, share) = (errors(metadata), 100.0 * within_one(&fitted.evaluation));
    let _ = writeln!(
        text,
        "\n{rows}within one expected deviation{:>27}",
        format!("{share:.1} %")
    );
    text
}

/// The share of test molecules within one expected standard deviation.
fn within_one(evaluation: &Evaluation) -> f64 {
    let test = &evaluation.test;
    let within = test
        .iter()
        .filter(|tested| (tested.predicted - tested.value).abs() <= tested.deviation);
    within.count() as f64 / test.len() as f64
}

fn page_of(table: &Table, fitted: &Fitted) -> FitPage {
    let Fitted { proxy, evaluation } = fitted;
    let metadata = proxy.metadata();
    let errors = metadata.errors;
    let test = evaluation.test.iter().map(|tested| TestedMolecule {
        smiles: tested.smiles.clone(),
        value: tested.value,
        predicted: tested.predicted,
        deviation: tested.deviation,
    });
    let members = evaluation.members.iter().map(|member| FittedMember {
        training: member.epochs.iter().map(|epoch| epoch.training).collect(),
        validation: member.epochs.iter().map(|epoch| epoch.validation).collect(),
    });
    let mut facts = facts(metadata);
    let repeats = table.repeats.map(|repeats| {
        let text = format!(
            "{}, standard deviation {}",
            counted(repeats.rows, "row"),
            shown(repeats.deviation)
        );
        ("repeated molecules".into(), text)
    });
    facts.extend(repeats);
    FitPage {
        name: metadata.target.name.clone(),
        unit: metadata.target.unit.clone(),
        subtitle: origin(metadata),
        errors: [errors.rmse, errors.mae],
        mean_errors: [errors.mean_rmse, errors.mean_mae],
        r2: errors.r2,
        spearman: errors.spearman,
        test: test.collect(),
        coverage: evaluation.coverage.clone(),
        members: members.collect(),
        facts,
        warnings: metadata.all_warnings(),
    }
}

/// What else is to be known of a proxy.
fn facts(metadata: &Metadata) -> Vec<(String, String)> {
    let (target, architecture) = (&metadata.target, metadata.architecture);
    let better = match target.direction {
        Direction::Maximize => "greater values are better",
        Direction::Minimize => "smaller values are better",
    };
    let unit = target
        .unit
        .as_deref()
        .map_or(String::new(), |unit| format!(" {unit}"));
    let choices = &metadata.data.choices;
    let read_with = match choices.is_empty() {
        true => "nothing unusual".to_string(),
        false => choices.join("; "),
    };
    let facts = [
        ("predicts", format!("{}{unit}; {better}", target.name)),
        (
            "learned from",
            format!(
                "mean {}{unit}, standard deviation {}, best {}",
                shown(target.mean),
                shown(target.deviation),
                shown(target.best)
            ),
        ),
        ("elements", metadata.elements.join(", ")),
        (
            "networks",
            format!(
                "{} of {} weights: {} rounds over states of {} numbers",
                architecture.members,
                architecture.weights(),
                architecture.rounds,
                architecture.hidden
            ),
        ),
        (
            "expected error",
            format!(
                "root of ({} x spread of the networks)^2 + {}^2",
                shown(metadata.uncertainty.factor),
                shown(metadata.uncertainty.constant)
            ),
        ),
        ("read with", read_with),
        ("seed", metadata.split.seed.to_string()),
        ("features", format!("version {}", metadata.features)),
        ("gfn", metadata.gfn.clone()),
        (
            "table's sha256",
            metadata.data.sha256.clone().unwrap_or_else(|| "-".into()),
        ),
    ];
    facts.map(|(name, value)| (name.to_string(), value)).into()
}

fn info(file: &Path, json: bool) -> Result<(), Failure> {
    let (proxy, sha256) = Proxy::load(file, None).map_err(refused)?;
    let metadata = proxy.metadata();
    if json {
        return print_json(
            &(serde_json::to_string_pretty(metadata).expect("metadata are plain data") + "\n"),
        );
    }
    let mut text = format!("{}\n\n{}\n", origin(metadata), errors(metadata));
    for (name, value) in facts(metadata) {
        let _ = writeln!(text, "{name:<16}{value}");
    }
    let _ = writeln!(text, "{:<16}{sha256}", "sha256");
    print(&text)?;
    metadata
        .all_warnings()
        .iter()
        .for_each(|warning| say("warning", warning));
    Ok(())
}
