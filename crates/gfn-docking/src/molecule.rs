//! What docking cannot have, told before a program is started: the programs fail at it too, and their messages do not say why.

use gfn_chem::Composition;

/// The elements of AutoDock Vina's atom types, as version 1.2.3 has them (`atom_constants.h`). Its type `W` is water, so that
/// tungsten, which Open Babel writes so, is not among them.
const ELEMENTS: [&str; 26] = [
    "At", "Br", "C", "Ca", "Cd", "Cl", "Co", "Cu", "F", "Fe", "H", "Hg", "I", "K", "Mg", "Mn", "N", "Na",
    "Ni", "O", "P", "S", "Se", "Si", "U", "Zn",
];

/// Why a molecule cannot be docked, completing a sentence about it. What our toolkit cannot read is left to the programs.
///
/// Isotopes are no reason: they weigh more, and take as much room.
pub(crate) fn refusal(smiles: &str) -> Option<String> {
    let Composition {
        heavy_atoms,
        parts,
        symbols,
    } = Composition::of(smiles).ok()?;
    if symbols.contains("*") {
        return Some("it has a dummy atom (`*`), which stands for no element".into());
    }
    if parts > 1 {
        return Some(format!("it has {parts} parts; dock the one that matters"));
    }
    let foreign = symbols.into_iter().filter(|symbol| !ELEMENTS.contains(symbol));
    let foreign: Vec<&str> = foreign.collect();
    if !foreign.is_empty() {
        let foreign = foreign.join(", ");
        return Some(format!("AutoDock Vina has no atom type for {foreign}"));
    }
    match heavy_atoms {
        0 => Some("it has no heavy atom; docking needs at least two".into()),
        1 => Some("it has a single heavy atom; docking needs at least two".into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_stumble_over_is_told_in_words() {
        for (smiles, reason) in [
            ("[Na+].[Cl-]", "it has 2 parts; dock the one that matters"),
            ("CCO.CCN.O", "it has 3 parts; dock the one that matters"),
            ("C", "it has a single heavy atom; docking needs at least two"),
            (
                "[2H]O[2H]",
                "it has a single heavy atom; docking needs at least two",
            ),
            ("[H][H]", "it has no heavy atom; docking needs at least two"),
            ("CB(O)O", "AutoDock Vina has no atom type for B"),
            ("C[Sn](C)(C)[W]", "AutoDock Vina has no atom type for Sn, W"),
            (
                "[*:1]CC",
                "it has a dummy atom (`*`), which stands for no element",
            ),
        ] {
            assert_eq!(refusal(smiles).as_deref(), Some(reason), "{smiles}");
        }
    }

    #[test]
    fn everything_else_is_docked() {
        for smiles in [
            "CC",
            "C[13CH3]",
            "[2H]C([2H])([2H])O",
            "C[Se]C",
            "C[Si](C)(C)CI",
            "C(",
        ] {
            assert_eq!(refusal(smiles), None, "{smiles}");
        }
    }
}
