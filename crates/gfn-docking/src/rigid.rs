//! The PDBQT file of a rigid receptor: what AutoDock Vina reads of it, checked line by line.

use gfn_input::Kind;

use crate::pdbqt::position;

/// The atom types of AutoDock Vina 1.2.3 (`atom_constants.h`); it tells apart upper and lower case.
const TYPES: [&str; 40] = [
    "C", "A", "N", "NA", "O", "OA", "P", "S", "SA", "H", "HD", "F", "I", "Mg", "Mn", "Zn", "Ca", "Fe", "Cl",
    "Br", "Si", "At", "Se", "Cu", "Na", "K", "Hg", "Co", "U", "Cd", "Ni", "W", "G0", "G1", "G2", "G3", "CG0",
    "CG1", "CG2", "CG3",
];

/// How lines begin that Vina passes over.
const PASSED_OVER: [&str; 4] = ["REMARK", "WARNING", "TER", "END"];

/// How lines of a ligand begin, and of flexible side chains.
const FLEXIBLE: [&str; 5] = ["ROOT", "BRANCH", "ENDBRANCH", "TORSDOF", "BEGIN_RES"];

/// What makes a receptor's file of a structure.
const HOW: &str = "`obabel receptor.pdb -xr -p 7.4 -O receptor.pdbqt` makes a receptor of a structure";

/// An atom of a receptor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Atom {
    pub(crate) position: [f64; 3],
    /// Its AutoDock type.
    pub(crate) kind: String,
}

/// The atoms of a file.
///
/// # Errors
/// The first thing that Vina would stumble over, or read as something else than it is.
pub(crate) fn atoms(bytes: &[u8]) -> Result<Vec<Atom>, String> {
    let text = text(bytes)?;
    let mut atoms = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let at = |message: String| format!("line {}: {message}", index + 1);
        let record = line.split_whitespace().next().unwrap_or_default();
        if line.starts_with("ATOM  ") || line.starts_with("HETATM") {
            atoms.push(atom(line).map_err(at)?);
        } else if FLEXIBLE.contains(&record) {
            return Err(at(format!(
                "`{record}` belongs to a ligand or to flexible side chains, and a rigid receptor is needed; {HOW}"
            )));
        } else if record == "MODEL" {
            if atoms.is_empty()
                && text.matches("\nMODEL").count() + usize::from(text.starts_with("MODEL")) == 1
            {
                return Err(at(
                    "remove the lines `MODEL` and `ENDMDL`: AutoDock Vina does not read them".into(),
                ));
            }
            return Err(at(
                "the file has several models, and a receptor is one; keep one `MODEL`, without that line"
                    .into(),
            ));
        } else if !line.is_empty() && !PASSED_OVER.iter().any(|begin| line.starts_with(begin)) {
            return Err(at(foreign(record)));
        }
    }
    match atoms.is_empty() {
        true => Err("it has no atoms; a PDBQT file is needed".into()),
        false => Ok(atoms),
    }
}

/// The text of a file, where it is one.
fn text(bytes: &[u8]) -> Result<&str, String> {
    if let Some(kind) = Kind::of(bytes) {
        return Err(format!("it is {kind}; a PDBQT file is needed"));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err("it is not text; a PDBQT file is needed".into());
    };
    match text.replace("\r\n", "\n").contains('\r') {
        true => Err(
            "its lines end as on old Macs, which AutoDock Vina does not read; end them with line feeds"
                .into(),
        ),
        false => Ok(text),
    }
}

/// A line that Vina refuses.
fn foreign(record: &str) -> String {
    match record {
        "" => "a line of spaces, which AutoDock Vina does not read; remove it".into(),
        "data_" | "loop_" => format!("this is an mmCIF file, and a PDBQT file is needed; {HOW}"),
        _ if record.starts_with("data_") => {
            format!("this is an mmCIF file, and a PDBQT file is needed; {HOW}")
        }
        "HEADER" | "TITLE" | "COMPND" | "SOURCE" | "KEYWDS" | "EXPDTA" | "AUTHOR" | "REVDAT" | "JRNL"
        | "SEQRES" | "CRYST1" | "HELIX" | "SHEET" | "ANISOU" | "CONECT" | "MASTER" => {
            format!("`{record}` belongs to a PDB file, and a PDBQT file is needed; {HOW}")
        }
        _ => {
            format!(
                "{} begins no line of a receptor's PDBQT file; AutoDock Vina reads `ATOM`, `HETATM`, `REMARK`, `TER` and `END`",
                gfn_text::quoted(record)
            )
        }
    }
}

/// An atom's line.
fn atom(line: &str) -> Result<Atom, String> {
    let column = |from: usize, to: usize| line.get(from..to.min(line.len())).unwrap_or_default().trim();
    let (serial, name) = (column(6, 11), column(12, 16));
    let residue: Vec<&str> = column(17, 26).split_whitespace().collect();
    let wrong = |message: String| {
        let called: String = format!("atom {serial} (`{name}` of {})", residue.join(" "));
        format!("{called} {message}")
    };
    let Some(position) = position(line) else {
        return Err(wrong("has no position in columns 31 to 54".into()));
    };
    let charge = column(68, 76);
    if charge.parse::<f64>().map_or(true, |charge| !charge.is_finite()) {
        return Err(wrong(format!(
            "has no partial charge in columns 71 to 76, as in a PDB file, and a PDBQT file is needed; {HOW}"
        )));
    }
    let kind = column(77, line.len()).to_owned();
    if kind.is_empty() {
        return Err(wrong(format!("has no atom type in columns 78 and 79; {HOW}")));
    }
    if !TYPES.contains(&kind.as_str()) {
        let near = TYPES.iter().find(|known| known.eq_ignore_ascii_case(&kind));
        let help = near.map_or(String::new(), |near| format!("; write `{near}`"));
        return Err(wrong(format!(
            "has the type {}, which AutoDock Vina does not know{help}",
            gfn_text::quoted(&kind)
        )));
    }
    Ok(Atom { position, kind })
}
