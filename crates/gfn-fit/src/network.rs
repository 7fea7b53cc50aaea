//! The network of [`gfn_proxy::fitted`] as operations on tensors, through which gradients go back.

use gfn_proxy::fitted::{Architecture, BOND_KINDS};
use tch::Tensor;

use crate::FitError;
use crate::batch::Batch;

/// What sums over a molecule's atoms are divided by, as in prediction.
const USUAL_ATOMS: f64 = gfn_proxy::fitted::USUAL_ATOMS as f64;

/// A member's tensors, as views of one flat row of weights.
pub(crate) fn views(architecture: Architecture, flat: &Tensor) -> Result<Vec<Tensor>, FitError> {
    let mut offset = 0;
    let mut views = Vec::new();
    for tensor in architecture.tensors() {
        let shape: Vec<i64> = tensor.shape.iter().map(|&size| size as i64).collect();
        let count = shape.iter().product();
        views.push(flat.f_narrow(0, offset, count)?.f_view(shape.as_slice())?);
        offset += count;
    }
    Ok(views)
}

/// The standardised value of each molecule, `[molecules]`.
pub(crate) fn forward(
    architecture: Architecture,
    weights: &[Tensor],
    batch: &Batch,
) -> Result<Tensor, FitError> {
    let [
        embed,
        embed_bias,
        own,
        kernels,
        round_bias,
        readout,
        readout_bias,
        value,
        value_bias,
    ] = weights
    else {
        unreachable!("a member has nine tensors");
    };
    let hidden = architecture.hidden as i64;
    let (flat, cube) = (
        [batch.molecules * batch.atoms, hidden],
        [batch.molecules, batch.atoms, hidden],
    );
    let kernels = kernels.f_view([BOND_KINDS as i64 * hidden, hidden])?;
    let mut states = batch.columns.f_matmul(embed)?.f_add(embed_bias)?.f_leaky_relu()?;
    for _ in 0..architecture.rounds {
        let gathered = batch.bonds.f_bmm(&states)?;
        let gathered = gathered.f_view([flat[0], BOND_KINDS as i64 * hidden])?;
        let messages = states.f_view(flat)?.f_matmul(own)?;
        let messages = messages.f_add(&gathered.f_matmul(&kernels)?)?.f_add(round_bias)?;
        states = states.f_add(&messages.f_leaky_relu()?.f_view(cube)?)?;
    }
    let sums = states.f_mul(&batch.present)?.f_sum_dim_intlist(1, false, None)?;
    let means = sums.f_div(&batch.counts)?;
    let sums = sums.f_div_scalar(USUAL_ATOMS)?;
    let pooled = Tensor::f_cat(&[&sums, &means, &batch.descriptors], 1)?;
    let units = pooled.f_matmul(readout)?.f_add(readout_bias)?.f_leaky_relu()?;
    Ok(units.f_matmul(value)?.f_add(value_bias)?)
}

#[cfg(test)]
mod tests {
    use gfn_core::{Purpose, Stream};
    use gfn_proxy::fitted::{DESCRIPTORS, Features, Proxy};

    use super::*;
    use crate::batch::Example;
    use crate::fit::tests::metadata;

    const SMILES: [&str; 7] = [
        "C",
        "CC#N",
        "OCc1ccc(Cl)cc1",
        "O=C(Nc1ccc(Br)cc1)C1CC1",
        "CS(=O)(=O)N1CCN(Cc2cccc3ccccc23)CC1",
        "[NH3+]CC(=O)[O-]",
        "FC(F)(F)c1nnc(s1)N1CCOCC1",
    ];

    /// Training and prediction are two programs of one function.
    #[test]
    fn prediction_computes_what_was_trained() {
        let architecture = Architecture {
            members: 2,
            hidden: 24,
            rounds: 4,
        };
        let mut stream = Stream::new(0, Purpose::Test, 0);
        let mut weights = || -> Vec<f32> {
            (0..architecture.weights())
                .map(|_| 0.15 * stream.normal() as f32)
                .collect()
        };
        let weights = vec![weights(), weights()];
        let scales = [[2.0; DESCRIPTORS], [3.0; DESCRIPTORS]];
        let features: Vec<Features> = SMILES
            .iter()
            .map(|smiles| Features::parse(smiles).unwrap())
            .collect();
        let proxy = Proxy::new(metadata(architecture), scales, weights.clone());
        let values = proxy.values(&features);

        let examples: Vec<Example<'_>> = features
            .iter()
            .map(|features| Example {
                features,
                descriptors: features.descriptors.map(|value| (value - 2.0) / 3.0),
                value: 0.0,
            })
            .collect();
        let batch = Batch::of(&examples.iter().collect::<Vec<_>>()).unwrap();
        for (weights, values) in weights.iter().zip(&values) {
            let views = views(architecture, &Tensor::from_slice(weights)).unwrap();
            let found: Vec<f32> = forward(architecture, &views, &batch).unwrap().try_into().unwrap();
            for ((found, value), smiles) in found.iter().zip(values).zip(SMILES) {
                assert!(
                    (found - value).abs() < 1e-5 * value.abs().max(1.0),
                    "{smiles}: {found} {value}"
                );
            }
            assert!(
                values.iter().any(|value| (value - values[0]).abs() > 0.1),
                "{values:?}"
            );
        }
        // No value depends on what is computed with it.
        let alone: Vec<f32> = features
            .iter()
            .map(|one| proxy.values(std::slice::from_ref(one))[1][0])
            .collect();
        assert_eq!(alone, values[1]);
    }
}
