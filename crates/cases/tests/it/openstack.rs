//! The identity cases against the cloud that `OS_*` or `clouds.yaml` name: a real Keystone, or a server of ours.

use pentad_cases::openstack::{Stage, cases};
use pentad_core::Secret;
use pentad_openstack::Clouds;
use pentad_openstack::auth::Domain;

#[tokio::test]
async fn real_keystone_behaves_as_every_case_says() {
    if std::env::var_os("PENTAD_TEST_KEYSTONE").is_none() {
        eprintln!("skipped: PENTAD_TEST_KEYSTONE is not set");
        return;
    }
    let cloud = Clouds::of_process().unwrap().cloud(None).unwrap();
    let option = |name: &str| cloud.auth(name).unwrap_or_else(|| panic!("OS_* lacks {name}"));
    let stage = Stage {
        auth_url: option("auth_url"),
        username: option("username"),
        password: Secret::new(option("password")),
        project_name: option("project_name"),
        domain: Domain::name(option("user_domain_name")),
        transport: cloud.transport().unwrap(),
    };
    for (name, case) in cases() {
        case(stage.clone()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
