//! What is told of the people behind users and registrations.

use pentad_store::Row;

use super::Db;

/// The texts about a person; the rows of users and registrations hold them alike.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) organization: String,
    pub(crate) description: String,
    pub(crate) email: String,
}

impl Person {
    /// Reads five columns, in the order of the fields, from `first` on.
    pub(crate) fn read(row: &Row<'_>, first: usize) -> Db<Self> {
        Ok(Self {
            first_name: row.text(first)?,
            last_name: row.text(first + 1)?,
            organization: row.text(first + 2)?,
            description: row.text(first + 3)?,
            email: row.text(first + 4)?,
        })
    }

    /// Takes over what was sent; an empty text is no change.
    pub(crate) fn change(&mut self, sent: &Self) {
        let texts = [
            (&mut self.first_name, &sent.first_name),
            (&mut self.last_name, &sent.last_name),
            (&mut self.organization, &sent.organization),
            (&mut self.description, &sent.description),
            (&mut self.email, &sent.email),
        ];
        for (kept, sent) in texts {
            if !sent.is_empty() {
                kept.clone_from(sent);
            }
        }
    }
}
