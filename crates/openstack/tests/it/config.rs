//! Clouds in files and variables (OpenStack reference B17).

use std::path::PathBuf;
use std::sync::Arc;

use pentad_core::auth::{MemoryTokenStore, TokenStore};
use pentad_core::{ErrorKind, Target};
use pentad_openstack::config::{Clouds, Environment};
use pentad_openstack::{ErrorExt, HttpClient};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use tempfile::TempDir;

struct Files(TempDir);

impl Files {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn with(&self, variables: &[(&str, &str)]) -> Clouds {
        self.load(variables).unwrap()
    }

    fn load(&self, variables: &[(&str, &str)]) -> pentad_core::Result<Clouds> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Clouds::load(Environment::new(variables, [PathBuf::from(self.0.path())]))
    }
}

const CLOUDS: &str = "
clouds:
  shop:
    auth:
      auth_url: https://{region_name}.test:5000/v3
      username: demo
      project_name: shop
      domain_name: Default
    password: 1234
    endpoint_type: internal
    regions: [RegionOne, {name: RegionTwo, values: {interface: admin}}]
    database_endpoint_override: http://db/%(project_id)s
    messaging_region_name: Other
  other: {auth: {auth-url: http://o, username: o}, project_id: outer, profile: vendor}
";

const ENVIRONMENT: &[(&str, &str)] = &[
    ("OS_AUTH_URL", "http://env/v3"),
    ("OS_USERNAME", "env"),
    ("OS_PASSWORD", "canary"),
    ("OS_USER_DOMAIN_NAME", "Default"),
    ("OS_TENANT_NAME", "envproject"),
    ("OS_PROJECT_DOMAIN_ID", "default"),
];

#[test]
fn a_cloud_is_read_with_all_rules_applied() {
    let files = Files::new(&[
        ("clouds.yaml", CLOUDS),
        ("secure.yaml", "clouds: {shop: {auth: {password: from-secure}}}"),
    ]);
    let cloud = files.with(&[]).cloud(Some("shop")).unwrap();
    assert_eq!(cloud.auth("auth_url").unwrap(), "https://RegionOne.test:5000/v3");
    // Both places have a password: within files the inner one counts.
    assert_eq!(cloud.auth("password").unwrap(), "from-secure");
    assert_eq!(cloud.auth("user_domain_name").unwrap(), "Default");
    assert_eq!(cloud.auth("project_domain_name").unwrap(), "Default");
    assert_eq!(cloud.auth("domain_name"), None);
    assert_eq!((cloud.interface(), cloud.region().unwrap()), ("internal".to_owned(), "RegionOne".to_owned()));
    assert_eq!(cloud.endpoint_overrides(), [("database".to_owned(), "http://db/%(project_id)s".to_owned())]);
    let target = format!("{:?}", cloud.target("messaging"));
    assert!(target.contains("\"internal\"") && target.contains("\"Other\""), "{target}");
    cloud.keystone().unwrap();
    assert!(!format!("{cloud:?} {:?}", cloud.keystone().unwrap()).contains("from-secure"));
}

#[test]
fn a_region_of_the_list_brings_its_values_and_any_other_is_refused() {
    let files = Files::new(&[("clouds.yaml", CLOUDS)]);
    let cloud = files.with(&[("OS_REGION_NAME", "RegionTwo")]).cloud(Some("shop")).unwrap();
    assert_eq!(cloud.interface(), "admin");
    let error = files.with(&[("OS_REGION_NAME", "Nope")]).cloud(Some("shop")).unwrap_err();
    assert!(error.hint().unwrap().contains("RegionOne, RegionTwo"), "{error}");
}

#[test]
fn the_cloud_is_the_named_one_then_os_cloud_then_the_environments_then_the_only_one() {
    let files = Files::new(&[
        ("clouds.yaml", CLOUDS),
        ("clouds-public.yaml", "public-clouds: {vendor: {interface: admin}}"),
    ]);
    let name = |variables: &[(&str, &str)], chosen| {
        files.with(variables).cloud(chosen).map(|cloud| cloud.name().to_owned())
    };
    let mut all = ENVIRONMENT.to_vec();
    assert_eq!(name(&all, None).unwrap(), "envvars");
    all.push(("OS_CLOUD", "other"));
    assert_eq!(name(&all, None).unwrap(), "other");
    assert_eq!(name(&all, Some("shop")).unwrap(), "shop");
    let error = name(&[], None).unwrap_err();
    assert!(error.message().contains("shop, other"), "{error}");
    assert!(error.hint().unwrap().contains("OS_CLOUD"), "{error}");
    assert_eq!(name(&[], Some("none")).unwrap_err().message(), "Cloud none was not found.");
    let clash = [ENVIRONMENT, &[("OS_CLOUD_NAME", "shop")]].concat();
    assert_eq!(name(&clash, None).unwrap_err().kind(), ErrorKind::Config);
    // These say nothing about a login, but several clouds do: that one must be chosen.
    let none = Files::new(&[]);
    assert!(!none.with(&[("OS_REGION_NAME", "r"), ("OS_LOG_LEVEL", "1")]).is_configured());
    assert!(files.with(&[]).is_configured());
}

#[test]
fn a_file_that_says_no_cloud_is_refused_by_its_name() {
    for text in ["clouds: [1]", "clouds: text", "x: 1", "cache: 5\nclouds: {}"] {
        let files = Files::new(&[("clouds.yaml", text)]);
        let error = files.load(&[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{text}");
        assert!(error.message().contains("clouds.yaml"), "{text}: {error}");
    }
    for text in ["", "clouds:", "clouds: {}", "cache: {auth: true}"] {
        let files = Files::new(&[("clouds.yaml", text)]);
        assert!(!files.load(&[]).unwrap().is_configured(), "{text}");
    }
}

#[test]
fn a_named_cloud_stands_alone_for_the_library_and_below_variables_for_the_command_line() {
    let files = Files::new(&[
        ("clouds.yaml", CLOUDS),
        ("clouds-public.yaml", "public-clouds: {vendor: {interface: admin}}"),
    ]);
    let clouds = files.with(&[("OS_CLOUD", "other"), ("OS_PASSWORD", "p"), ("OS_USERNAME", "env")]);
    let alone = clouds.cloud(None).unwrap();
    assert_eq!((alone.auth("username").unwrap(), alone.auth("password")), ("o".to_owned(), None));
    assert_eq!(
        (alone.auth("project_id").unwrap(), alone.interface()),
        ("outer".to_owned(), "admin".to_owned())
    );
    let error = alone.keystone().unwrap_err();
    assert!(error.is_missing_options() && error.to_string().contains("Missing options: password"), "{error}");
    let over = clouds.overlay().cloud(None).unwrap();
    assert_eq!(
        (over.auth("username").unwrap(), over.auth("password").unwrap()),
        ("env".to_owned(), "p".to_owned())
    );
    assert_eq!(over.auth("auth_url").unwrap(), "http://o");
}

#[test]
fn variables_alone_make_a_login_and_old_names_are_understood() {
    let files = Files::new(&[]);
    let cloud = files.with(ENVIRONMENT).cloud(None).unwrap();
    assert_eq!(cloud.auth("project_name").unwrap(), "envproject");
    cloud.keystone().unwrap();
    let error = files.with(&[("OS_USERNAME", "u")]).cloud(None).unwrap().keystone().unwrap_err();
    assert!(error.to_string().contains("Missing options: auth_url, password"), "{error}");
    let both = [ENVIRONMENT, &[("OS_SYSTEM_SCOPE", "all")]].concat();
    let error = files.with(&both).cloud(None).unwrap().keystone().unwrap_err();
    assert!(error.message().starts_with("Authentication cannot be scoped to multiple targets"), "{error}");
}

#[test]
fn the_plugin_follows_from_the_options_or_is_named() {
    let files = Files::new(&[]);
    let kind = |variables: &[(&str, &str)]| files.with(variables).cloud(None).unwrap().auth_type();
    assert_eq!(kind(&[("OS_TOKEN", "t"), ("OS_AUTH_URL", "http://h")]), "token");
    assert_eq!(kind(&[("OS_AUTH_TOKEN", "t"), ("OS_ENDPOINT", "http://h")]), "admin_token");
    assert_eq!(
        kind(&[("OS_APPLICATION_CREDENTIAL_ID", "i"), ("OS_APPLICATION_CREDENTIAL_SECRET", "s")]),
        "v3applicationcredential"
    );
    assert_eq!(kind(&[("OS_USERNAME", "u")]), "password");
    let unknown = files.with(&[("OS_AUTH_TYPE", "v3magic")]).cloud(None).unwrap().keystone().unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Unsupported);
    let several = files.with(&[
        ("OS_AUTH_TYPE", "v3multifactor"),
        ("OS_AUTH_METHODS", "v3password,v3totp"),
        ("OS_AUTH_URL", "http://h"),
        ("OS_USER_ID", "u"),
    ]);
    let error = several.cloud(None).unwrap().keystone().unwrap_err();
    assert!(error.to_string().contains("Missing options: password, passcode"), "{error}");
}

#[test]
fn a_broken_file_is_named_and_its_lines_are_not_shown() {
    let files = Files::new(&[("clouds.yaml", "clouds:\n  a: [canary\n")]);
    let error = files.load(&[]).unwrap_err();
    assert!(error.message().contains("clouds.yaml") && !error.to_string().contains("canary"), "{error}");
}

#[test]
fn certificates_are_checked_unless_a_word_says_no_and_any_other_text_is_a_file() {
    let tls = |lines: &str, variables: &[(&str, &str)]| {
        let files = Files::new(&[("clouds.yaml", &format!("clouds: {{one: {{{lines}}}}}"))]);
        let tls = files.with(variables).cloud(Some("one")).unwrap().tls().unwrap();
        tls.map(|tls| (tls.insecure, tls.ca_files))
    };
    let file = |name: &str| Some((false, vec![PathBuf::from(name)]));
    for yes in
        ["verify: true", "verify: enabled_is_a_file, cacert: ca.pem", "verify: \"yes\", interface: public"]
    {
        assert!(tls(yes, &[]).is_none_or(|(insecure, _)| !insecure), "{yes}");
    }
    for no in ["verify: false", "verify: \"no\"", "verify: 0", "insecure: true"] {
        assert_eq!(tls(no, &[]), Some((true, vec![])), "{no}");
        // An authority beside it would only pretend that something is checked.
        assert_eq!(tls(&format!("{no}, cacert: ca.pem"), &[]), Some((true, vec![])), "{no}");
    }
    assert_eq!(tls("verify: ca.pem", &[]), file("ca.pem"));
    assert_eq!(tls("verify: /etc/ca.pem", &[]), file("/etc/ca.pem"));
    let home = [("HOME", "/home/ann")];
    assert_eq!(tls("cacert: ~/ca.pem", &home), file("/home/ann/ca.pem"));
    assert_eq!(tls("cacert: ~bob/ca.pem", &home), file("~bob/ca.pem"), "another user's home is not known");
}

#[test]
fn certificate_and_key_are_found_at_home() {
    let files = Files::new(&[("clouds.yaml", "clouds: {one: {cert: ~/c.pem, key: ~/k.pem}}")]);
    let tls = files.with(&[("HOME", "/home/ann")]).cloud(None).unwrap().tls().unwrap().unwrap();
    let shown = format!("{tls:?}");
    assert!(shown.contains("/home/ann/c.pem") && shown.contains("/home/ann/k.pem"), "{shown}");
}

#[test]
fn a_services_own_version_and_name_decide_where_it_is() {
    let files = Files::new(&[(
        "clouds.yaml",
        "clouds: {one: {auth: {auth_url: http://id.test:5000/v3, username: u, password: p, user_domain_id: default,
          project_id: p1}, database_api_version: 'v1.0', database_service_name: trove, messaging_service_name: other}}",
    )]);
    let cloud = files.with(&[]).cloud(Some("one")).unwrap();
    let Target::Service { version, .. } = cloud.target("database") else { panic!() };
    assert_eq!(version.as_deref(), Some("1.0"));
    let script = ScriptedTransport::new().reply(crate::stage::issued("t")).answer(200, "{}");
    let http = HttpClient::from_cloud(&cloud).unwrap().transport(script.shared());
    let http = http.clock(ManualClock::auto().shared()).build().unwrap();
    // A type that was only read at run time will do.
    run(http.raw("database".to_owned()).get("/instances")).unwrap();
    let error = run(http.raw("messaging".to_owned()).get("/v2/queues")).unwrap_err();
    assert!(error.message().contains("messaging service named other"), "{error}");
}

#[test]
fn tokens_are_kept_between_processes_if_the_configuration_says_so_or_a_store_is_given() {
    let home = tempfile::tempdir().unwrap();
    let cache = home.path().to_str().unwrap();
    let text = "clouds: {one: {auth: {auth_url: http://id.test:5000/v3, username: u, password: p,
                user_domain_id: default, project_id: p1}}}";
    let plain = Files::new(&[("clouds.yaml", text)]);
    let cached = Files::new(&[("clouds.yaml", &format!("{text}\ncache: {{auth: true}}"))]);
    let variables = [("XDG_CACHE_HOME", cache)];
    let cloud = |files: &Files| files.with(&variables).cloud(Some("one")).unwrap();
    assert!(cloud(&plain).token_store().is_none() && cloud(&cached).token_store().is_some());
    let logins = |files: &Files, store: Option<Arc<dyn TokenStore>>| {
        let mut logins = 0;
        for _ in 0..2 {
            let script =
                ScriptedTransport::new().reply(crate::stage::issued("t")).answer(200, "{}").answer(200, "{}");
            let builder = HttpClient::from_cloud(&cloud(files)).unwrap().transport(script.shared());
            let builder = store.iter().fold(builder, |builder, store| builder.store(Arc::clone(store)));
            let http = builder.clock(ManualClock::auto().shared()).build().unwrap();
            // The first answer is no token to whoever has one already.
            let _ = run(http.raw("database").get("/instances"));
            logins += script.requests().iter().filter(|request| request.path() == "/v3/auth/tokens").count();
        }
        logins
    };
    assert_eq!(logins(&plain, None), 2);
    assert_eq!(logins(&plain, Some(Arc::new(MemoryTokenStore::new()))), 1);
    assert_eq!(logins(&cached, None), 1);
    assert!(home.path().join("pentad/tokens").is_dir() || cfg!(feature = "keyring"));
}
