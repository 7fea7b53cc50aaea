//! What is read of PDBQT files: positions of atoms, and the energy of a pose.

/// Below this extent, in ångström, a molecule has no structure: without coordinates Open Babel writes all atoms at one place.
const MIN_EXTENT: f64 = 1.0;

/// The positions of all atoms.
pub(crate) fn positions(text: &str) -> Result<Vec<[f64; 3]>, String> {
    let lines = text.lines().enumerate();
    let atoms = lines.filter(|(_, line)| line.starts_with("ATOM") || line.starts_with("HETATM"));
    atoms
        .map(|(index, line)| {
            position(line)
                .ok_or_else(|| format!("line {} has no position in its columns 31 to 54", index + 1))
        })
        .collect()
}

/// The position of an atom, from its columns.
pub(crate) fn position(line: &str) -> Option<[f64; 3]> {
    let column = |from: usize| -> Option<f64> {
        let number: f64 = line.get(from..from + 8)?.trim().parse().ok()?;
        number.is_finite().then_some(number)
    };
    Some([column(30)?, column(38)?, column(46)?])
}

/// Whether a ligand has a structure; if not, why.
pub(crate) fn check_structure(text: &str) -> Result<(), String> {
    let atoms = positions(text)?;
    let extent = |axis: usize| {
        let along = atoms.iter().map(|atom| atom[axis]);
        along.clone().fold(f64::MIN, f64::max) - along.fold(f64::MAX, f64::min)
    };
    if !atoms.is_empty() && (0..3).any(|axis| extent(axis) > MIN_EXTENT) {
        return Ok(());
    }
    Err(match atoms.len() {
        0 => "its file has no atoms".into(),
        _ => "all atoms are at one place".into(),
    })
}

/// The energy of the best pose, in kcal/mol: poses are written best first.
pub(crate) fn energy(pose: &str) -> Option<f64> {
    let result = pose
        .lines()
        .find_map(|line| line.strip_prefix("REMARK VINA RESULT:"))?;
    let energy: f64 = result.split_whitespace().next()?.parse().ok()?;
    energy.is_finite().then_some(energy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(x: &str) -> String {
        format!("ATOM      1  C   UNL     1    {x:>8}   0.000   0.000  0.00  0.00    +0.000 C \n")
    }

    #[test]
    fn a_structure_has_an_extent() {
        let two = |a: &str, b: &str| check_structure(&(atom(a) + "ENDROOT\n" + &atom(b)));
        assert_eq!(two("0.000", "1.500"), Ok(()));
        assert_eq!(two("0.000", "0.000").unwrap_err(), "all atoms are at one place");
        assert_eq!(check_structure("ROOT\n").unwrap_err(), "its file has no atoms");
        for wrong in ["nan", "-", "1e999"] {
            let message = two("0.000", wrong).unwrap_err();
            assert_eq!(message, "line 3 has no position in its columns 31 to 54");
        }
        assert!(check_structure("ATOM  €€€€€€€€€€€€€€€€€€€€€€€€€€").is_err());
    }

    #[test]
    fn the_first_pose_counts() {
        let text = "MODEL 1\nREMARK VINA RESULT:    -6.144      0.000      0.000\nENDMDL\nREMARK VINA RESULT: -5.0 0 0\n";
        assert_eq!(energy(text), Some(-6.144));
        for none in [
            "",
            "REMARK VINA RESULT:",
            "REMARK VINA RESULT: x",
            "REMARK VINA RESULT: nan",
        ] {
            assert_eq!(energy(none), None);
        }
    }
}
