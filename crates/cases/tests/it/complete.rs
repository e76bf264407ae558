//! Nothing of a service is without a case.

use std::collections::BTreeSet;

use pentad_core::Op;

use crate::stage::Recorder;

/// Checks that the cases had a good answer of every operation, but for those that cannot have one here.
pub(crate) fn check(ops: &[&Op], elsewhere: &[&str], recorder: &Recorder) {
    let known: BTreeSet<&str> = ops.iter().map(|op| op.id).filter(|id| !elsewhere.contains(id)).collect();
    let seen = recorder.seen();
    let missing: Vec<_> = known.difference(&seen).collect();
    assert!(missing.is_empty(), "no case has a good answer of {missing:?}");
}
