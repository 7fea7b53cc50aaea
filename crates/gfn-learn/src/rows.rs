//! Outputs of a network by row: those of several passes put together, some of them picked, and the gradient of those
//! picked put back.

use gfn_core::Logits;
use gfn_core::{OutputGradients, Outputs};

/// Empties outputs and keeps their allocations.
pub(crate) fn clear(outputs: &mut Outputs) {
    clear_logits(&mut outputs.forward);
    outputs.backward.iter_mut().for_each(clear_logits);
    outputs.log_flow.iter_mut().for_each(Vec::clear);
}

fn clear_logits(logits: &mut Logits) {
    logits.values.clear();
    logits.offsets.clear();
}

/// Puts the rows of `more` behind those of `outputs`, which is empty or of the same network.
pub(crate) fn append(outputs: &mut Outputs, more: Outputs) {
    append_logits(&mut outputs.forward, more.forward);
    match (&mut outputs.backward, more.backward) {
        (Some(backward), Some(more)) => append_logits(backward, more),
        (backward, more) => *backward = more,
    }
    match (&mut outputs.log_flow, more.log_flow) {
        (Some(log_flow), Some(more)) => log_flow.extend(more),
        (log_flow, more) => *log_flow = more,
    }
}

fn append_logits(logits: &mut Logits, more: Logits) {
    if logits.offsets.is_empty() {
        *logits = more;
        return;
    }
    let first = logits.values.len();
    logits.values.extend(more.values);
    logits
        .offsets
        .extend(more.offsets[1..].iter().map(|offset| first + offset));
}

/// The outputs of the named rows.
pub(crate) fn pick(outputs: &Outputs, rows: &[usize]) -> Outputs {
    let logits = |from: &Logits| {
        let mut picked = Logits::default();
        pick_logits(from, rows, &mut picked);
        picked
    };
    Outputs {
        forward: logits(&outputs.forward),
        backward: outputs.backward.as_ref().map(logits),
        log_flow: outputs
            .log_flow
            .as_ref()
            .map(|log_flow| rows.iter().map(|&row| log_flow[row]).collect()),
    }
}

/// Sets `picked` to the named rows of `logits`.
pub(crate) fn pick_logits(logits: &Logits, rows: &[usize], picked: &mut Logits) {
    clear_logits(picked);
    picked.offsets.push(0);
    for &row in rows {
        picked.values.extend_from_slice(logits.of(row));
        picked.offsets.push(picked.values.len());
    }
}

/// The reverse of [`pick`] for gradients: zero at the rows that were not picked.
pub(crate) fn put_back(gradients: OutputGradients, outputs: &Outputs, rows: &[usize]) -> OutputGradients {
    let states = outputs.forward.offsets.len().saturating_sub(1);
    if rows.iter().copied().eq(0..states) {
        return gradients;
    }
    let spread = |from: &[f64], logits: &Logits| {
        let mut spread = vec![0.0; logits.values.len()];
        let mut rest = from;
        for &row in rows {
            let range = logits.offsets[row]..logits.offsets[row + 1];
            let (own, after) = rest.split_at(range.len());
            spread[range].copy_from_slice(own);
            rest = after;
        }
        spread
    };
    let mut log_flow = vec![0.0; outputs.log_flow.as_ref().map_or(0, Vec::len)];
    rows.iter()
        .zip(&gradients.log_flow)
        .for_each(|(&row, slope)| log_flow[row] = *slope);
    OutputGradients {
        forward: spread(&gradients.forward, &outputs.forward),
        backward: match &outputs.backward {
            Some(logits) => spread(&gradients.backward, logits),
            None => Vec::new(),
        },
        log_flow,
        log_z: gradients.log_z,
    }
}
