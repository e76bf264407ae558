//! Logins by name (OpenStack reference A13, B16).

use std::collections::BTreeSet;

use pentad_openstack::auth::plugin::{Options, Plugin, Plugins};
use pentad_openstack::config::{Clouds, Environment};
use pentad_openstack::{ErrorExt, HttpClient};
use pentad_testkit::{ManualClock, ScriptedTransport, run};

use crate::stage::issued;

#[test]
fn a13_a_plugin_says_all_that_it_lacks_and_the_first_with_enough_is_taken() {
    let plugins = Plugins::standard();
    let lacking =
        |name: &str, options: &Options| plugins.load(name, options).unwrap_err().message().to_owned();
    let none = Options::new();
    assert_eq!(
        lacking("keystone", &none),
        "Authentication failed. Missing options: username, password, tenant_name, auth_url"
    );
    assert_eq!(
        lacking("keystone", &none.clone().with("token", "t")),
        "Authentication failed. Missing options: endpoint"
    );
    assert_eq!(
        plugins.choose(&none).unwrap_err().message(),
        "Authentication failed. Missing options: auth_system"
    );
    assert!(lacking("v3password", &none).ends_with("auth_url, username, password"));
    let fixed = none.with("token", "t").with("endpoint", "http://e/v1");
    let script = ScriptedTransport::new().answer(200, "");
    let http = HttpClient::authorized_by(plugins.choose(&fixed).unwrap()).transport(script.shared());
    let http = http.clock(ManualClock::auto().shared()).build().unwrap();
    run(http.raw("compute").get("/x")).unwrap();
    let sent = &script.requests()[0];
    let seen = (sent.uri.to_string(), sent.header("x-auth-token").to_owned());
    assert_eq!(seen, ("http://e/v1/x".to_owned(), "t".to_owned()), "a token and an endpoint need no login");
    let option =
        plugins.options(Some("password")).into_iter().find(|option| option.name == "password").unwrap();
    assert_eq!((option.flag(), option.variable()), ("--os-password".to_owned(), "OS_PASSWORD".to_owned()));
    assert!(option.is_secret() && option.help() == "Defaults to env[OS_PASSWORD].");
}

#[test]
fn a13_every_built_in_plugin_logs_in_with_what_it_needs() {
    let plugins = Plugins::standard();
    for name in plugins.names() {
        let plugin = plugins.get(name).unwrap();
        let options =
            plugin.needs().iter().filter_map(|group| group.first()).fold(Options::new(), |options, name| {
                let value = match *name {
                    "auth_methods" => "v3password",
                    "endpoint" | "auth_url" => "http://e:5000/v3",
                    _ => "x",
                };
                options.with(name, value)
            });
        let options = match name {
            "v3multifactor" => options.with("username", "u").with("password", "p"),
            _ => options,
        };
        plugins.load(name, &options).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// Values with which each login can go through.
fn sufficient(name: &str, plugin: &dyn Plugin) -> Options {
    let needed = plugin.needs().iter().filter_map(|group| group.first());
    let options = needed.fold(Options::new(), |options, option| {
        let value = match *option {
            "auth_methods" => "v3password",
            "endpoint" | "auth_url" => "http://e:5000/v3",
            "discovery_endpoint" => "http://idp/.well-known/openid-configuration",
            _ => "x",
        };
        options.with(option, value)
    });
    let options =
        if name == "v3multifactor" { options.with("username", "u").with("password", "p") } else { options };
    options.with("user_domain_id", "default").with("project_id", "p1").with("endpoint", "http://e:5000/v3")
}

#[test]
fn each_built_in_plugin_sends_a_call_with_its_credential() {
    let plugins = Plugins::standard();
    for (name, carries) in [
        ("none", None),
        ("admin_token", Some(("x-auth-token", "x"))),
        ("http_basic", Some(("authorization", "Basic eDp4"))),
        ("password", Some(("x-auth-token", "t1"))),
        ("token", Some(("x-auth-token", "t1"))),
        ("keystone", Some(("x-auth-token", "t1"))),
        ("v3password", Some(("x-auth-token", "t1"))),
        ("v3token", Some(("x-auth-token", "t1"))),
        ("v3totp", Some(("x-auth-token", "t1"))),
        ("v3multifactor", Some(("x-auth-token", "t1"))),
        ("v3applicationcredential", Some(("x-auth-token", "t1"))),
    ] {
        let login = plugins.load(name, &sufficient(name, &**plugins.get(name).unwrap())).unwrap();
        let script = ScriptedTransport::new();
        let script = match carries {
            Some(("x-auth-token", "t1")) => script.reply(issued("t1")),
            _ => script,
        };
        let script = script.answer(200, "{}");
        let http = HttpClient::authorized_by(login).transport(script.shared());
        let http = http.clock(ManualClock::auto().shared()).build().unwrap();
        run(http.raw("database").get("/instances")).unwrap_or_else(|error| panic!("{name}: {error}"));
        let sent = script.requests().pop().unwrap();
        let (header, value) = carries.unwrap_or(("authorization", ""));
        assert_eq!(sent.header(header), value, "{name}");
        assert!(sent.uri.path().ends_with("/instances"), "{name}: {}", sent.uri);
    }
}

#[test]
fn every_option_of_every_plugin_arrives_from_its_variable() {
    let plugins = Plugins::standard();
    let mut options: BTreeSet<&str> = plugins.options(None).into_iter().map(|option| option.name).collect();
    // Old names, which arrive under their new ones.
    for old in ["tenant_name", "tenant_id"] {
        assert!(options.remove(old), "{old}");
    }
    for name in options {
        let variables = [(format!("OS_{}", name.to_ascii_uppercase()), "value".to_owned())];
        let cloud = Clouds::load(Environment::new(variables, [])).unwrap().cloud(None).unwrap();
        // A lone list of methods is text, too.
        assert_eq!(cloud.auth(name).as_deref(), Some("value"), "{name}");
    }
}

#[test]
fn a_code_from_a_provider_logs_in_by_variables_alone() {
    let variables = [
        ("OS_AUTH_TYPE", "v3oidcauthcode"),
        ("OS_AUTH_URL", "http://id.test:5000/v3"),
        ("OS_IDENTITY_PROVIDER", "idp"),
        ("OS_PROTOCOL", "openid"),
        ("OS_CLIENT_ID", "me"),
        ("OS_DISCOVERY_ENDPOINT", "http://idp/.well-known/openid-configuration"),
        ("OS_CODE", "code-canary"),
        ("OS_REDIRECT_URI", "http://localhost:8080/"),
        ("OS_CODE_VERIFIER", "verifier-canary"),
    ];
    let load = |left_out: &str| {
        let kept = variables.iter().filter(|(name, _)| *name != left_out);
        let kept = kept.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Clouds::load(Environment::new(kept, [])).unwrap().cloud(None).unwrap().keystone()
    };
    load("").unwrap();
    let error = load("OS_REDIRECT_URI").unwrap_err();
    assert!(error.is_missing_options() && error.to_string().contains("redirect_uri"), "{error}");
}

#[test]
fn what_several_methods_lack_is_named_once() {
    let options = Options::new().with("auth_url", "http://e/v3").with("auth_methods", "v3password,v3totp");
    let error = Plugins::standard().load("v3multifactor", &options).unwrap_err();
    assert!(error.to_string().contains("Missing options: username, password, passcode"), "{error}");
}
