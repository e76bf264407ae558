//! Flavors (OpenStack reference C16).

use pentad_core::{Call, List};

use crate::client::Client;
use crate::{list, model, name, ops, wire};

impl Client {
    /// The sizes of instances; all in one page.
    ///
    /// # Source
    /// OpenStack reference C16.
    pub fn flavors(&self) -> List<model::Flavor> {
        list::of(self.op(&ops::FLAVOR_LIST))
    }

    /// One size.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if there is none of that id.
    /// # Source
    /// OpenStack reference C16.
    pub fn flavor(&self, id: &str) -> Call<model::Flavor> {
        self.op(&ops::FLAVOR_GET).check(name::id("flavor", id)).arg("flavor", id).call(wire::one)
    }
}
