//! What can be a condition.

use pentad_rql::{Expr, R};

/// Something that stands for a condition: an [`R`], RQL as text (sent as it is), or nothing.
pub trait IntoFilter {
    /// The condition.
    fn into_filter(self) -> R;
}

impl IntoFilter for R {
    fn into_filter(self) -> R {
        self
    }
}

impl IntoFilter for &R {
    fn into_filter(self) -> R {
        self.clone()
    }
}

impl IntoFilter for &str {
    fn into_filter(self) -> R {
        R::raw(self)
    }
}

impl IntoFilter for String {
    fn into_filter(self) -> R {
        R::raw(self)
    }
}

impl IntoFilter for &String {
    fn into_filter(self) -> R {
        R::raw(self.as_str())
    }
}

impl IntoFilter for Expr {
    fn into_filter(self) -> R {
        R::from(self)
    }
}

impl<T: IntoFilter> IntoFilter for Option<T> {
    fn into_filter(self) -> R {
        self.map_or_else(R::new, IntoFilter::into_filter)
    }
}
