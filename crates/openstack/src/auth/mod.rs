//! Logging in: how (methods), to what (scopes), where (discovery), and what comes of it (access).
//!
//! [`Keystone`] fetches tokens, [`CloudAuth`] keeps one for all service clients and finds their endpoints,
//! [`FixedEndpoint`] serves where a token or an endpoint is given and nobody is to be asked.

mod access;
mod answer;
mod cloud;
mod device;
mod federation;
mod fixed;
#[cfg(feature = "keyring")]
mod keyring;
mod keystone;
mod method;
mod name;
mod passcode;
mod pkce;
mod placed;
pub mod plugin;
mod request;
mod scope;
mod version;

pub use self::access::Access;
pub use self::cloud::CloudAuth;
pub use self::device::DevicePrompt;
pub use self::federation::{Federation, Grant};
pub use self::fixed::FixedEndpoint;
#[cfg(feature = "keyring")]
pub use self::keyring::KeyringTokenStore;
pub use self::keystone::Keystone;
pub use self::method::Method;
pub use self::name::{Domain, Project, User};
pub use self::passcode::Passcode;
pub use self::pkce::Pkce;
pub use self::scope::Scope;
pub use self::version::IdentityVersion;
pub(crate) use self::version::base_text;
