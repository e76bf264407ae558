//! Strict and relaxed: which oddities of the real services are shown. Each service names its own in its `quirks.rs`.

use std::fmt;
use std::marker::PhantomData;

use crate::Mode;

/// Whether the oddities `Q` of a service are shown: in strict mode all, in relaxed mode none.
pub(crate) struct Quirks<Q> {
    strict: bool,
    of: PhantomData<fn(Q)>,
}

impl<Q> Quirks<Q> {
    /// The oddities of a mode.
    pub(crate) fn of(mode: Mode) -> Self {
        Self { strict: mode == Mode::Strict, of: PhantomData }
    }

    /// Whether this oddity is shown. The argument says which difference the caller makes.
    pub(crate) fn has(self, _: Q) -> bool {
        self.strict
    }
}

impl<Q> Clone for Quirks<Q> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Q> Copy for Quirks<Q> {}

impl<Q> fmt::Debug for Quirks<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quirks").field("strict", &self.strict).finish()
    }
}
