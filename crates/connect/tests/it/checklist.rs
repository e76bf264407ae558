//! The checklist of the reference (section 16): each item has a row in the migration table and a test.

use std::path::Path;

/// Item of the original; what the migration table says of it; a test that holds it.
const ITEMS: &[(&str, &str, &str)] = &[
    ("api_key", "`AsyncConnectClient(api_key)`", "the_key_is_sent_as_it_is_and_no_debug_shows_it"),
    ("endpoint", "| `endpoint` |", "the_endpoint_is_the_service_s_own_unless_set_and_loses_its_last_slash"),
    (
        "use_specs",
        "| `use_specs`, `specs_location` |",
        "a_document_comes_from_a_file_or_is_fetched_without_the_key",
    ),
    (
        "specs_location",
        "`specs_location`",
        "row_22_a_document_is_kept_read_and_a_literal_step_comes_before_a_template",
    ),
    (
        "validate_using_specs",
        "| `validate_using_specs` |",
        "paths_that_do_not_exist_are_refused_with_the_nearest_and_nothing_is_sent",
    ),
    ("default_headers", "| `default_headers` |", "default_headers_and_page_size_concern_every_request"),
    ("default_limit", "| `default_limit` |", "default_headers_and_page_size_concern_every_request"),
    ("max_retries", "| `max_retries` |", "row_8_the_original_s_retries_end_and_leave_429_alone"),
    ("logger", "| `logger` |", "a_block_per_request_and_answer_with_secrets_hidden"),
    (
        "timeout",
        "| `timeout` |",
        "every_page_carries_what_a_set_was_configured_with_and_the_last_configuration_counts",
    ),
    (
        "resourceset_append",
        "| `resourceset_append` |",
        "a_set_asks_anew_each_time_and_may_be_left_in_the_middle",
    ),
    ("response", "| `response` |", "an_answer_is_json_bytes_or_nothing"),
    (
        "client.collection",
        "| `collection(name)`, `client.name` |",
        "every_url_vector_is_sent_as_the_original_sends_it_or_deviates_for_a_named_reason",
    ),
    (
        "client.ns",
        "| `ns(name)`, `client(name)` |",
        "every_url_vector_is_sent_as_the_original_sends_it_or_deviates_for_a_named_reason",
    ),
    (
        "client.create, delete, get, update",
        "| `get`, `create`, `update`, `delete` |",
        "every_url_vector_is_sent_as_the_original_sends_it_or_deviates_for_a_named_reason",
    ),
    ("client.execute", "| `execute(method, path)` |", "raw_doors_send_any_method_to_any_path"),
    ("client.help", "| `help()`, `print_help()` |", "help_tells_what_there_is_at_every_level"),
    (
        "ns.collection, ns.ns",
        "| `ns.ns(name)`, `ns.collection(name)` |",
        "one_text_names_the_same_place_as_its_steps",
    ),
    (
        "help of each",
        "| `help()` on each |",
        "row_23_help_is_there_for_every_place_of_a_document_of_the_published_size",
    ),
    (
        "collection.action",
        "| `collection.action(name)`",
        "every_verb_is_expected_on_the_path_where_it_is_called",
    ),
    (
        "collection.all, filter",
        "| `collection.all()`, `.filter(...)` |",
        "a_set_walks_to_the_end_that_content_range_tells",
    ),
    (
        "collection.resource",
        "| `collection.resource(id)`",
        "rows_16_and_17_identifiers_are_one_segment_and_zero_is_one",
    ),
    (
        "collection.bulk_*",
        "| `bulk_create`, `bulk_update`, `bulk_delete` |",
        "row_14_no_bulk_request_without_a_list",
    ),
    (
        "collection.create",
        "| `collection.create(payload)` |",
        "row_15_an_empty_object_is_sent_and_nothing_is_nothing",
    ),
    ("resource.action", "| `resource.action(name)`", "every_verb_is_expected_on_the_path_where_it_is_called"),
    ("resource.collection", "| `resource.collection(name)`", "one_text_names_the_same_place_as_its_steps"),
    (
        "resource.delete, update",
        "| `resource.update(payload)`, `.delete()` |",
        "create_takes_objects_only_and_update_anything",
    ),
    ("resource.exists", "| `resource.exists()` |", "only_404_means_that_a_resource_does_not_exist"),
    ("resource.get", "| `resource.get()` |", "every_verb_is_expected_on_the_path_where_it_is_called"),
    (
        "resource.values",
        "| `resource.values(*fields)` |",
        "values_of_a_resource_keep_the_order_that_was_asked",
    ),
    (
        "action.get, post, put, delete",
        "| `action.get`, `post`, `put`, `delete` |",
        "an_answer_is_json_bytes_or_nothing",
    ),
    ("set: iteration", "| `for item in set`", "a_set_walks_to_the_end_that_content_range_tells"),
    ("set.count", "| `set.count()` |", "counting_asks_for_no_resources"),
    ("set.first", "| `set.first()` |", "first_and_nth_are_one_request_and_give_nothing_where_nothing_is"),
    ("set.all", "| `list(set)` |", "a_set_asks_anew_each_time_and_may_be_left_in_the_middle"),
    (
        "set.configure",
        "| `set.configure(**kw)` |",
        "every_page_carries_what_a_set_was_configured_with_and_the_last_configuration_counts",
    ),
    (
        "set.filter, order_by, search, select",
        "| `set.order_by`, `select`, `search`, `filter` |",
        "every_url_vector_is_sent_as_the_original_sends_it_or_deviates_for_a_named_reason",
    ),
    ("set.limit", "| `set.limit(n)` |", "row_11_a_service_that_gives_less_than_asked_loses_nothing"),
    ("set.values_list", "| `set.values_list(*fields)` |", "values_list_gives_chosen_fields_every_time"),
    ("set: index", "| `set[i]` |", "first_and_nth_are_one_request_and_give_nothing_where_nothing_is"),
    ("set: slice", "| `set[a:b]` |", "row_10_positions_in_a_slice_count_from_its_start"),
    ("set: truth", "| `bool(set)` |", "first_and_nth_are_one_request_and_give_nothing_where_nothing_is"),
    ("R: lookups", "| `R(a__b=\"x\")` |", "builder_gives_the_text_of_each_vector"),
    ("R: operators", "| `&`, `\\|`, `~` |", "row_2_negated_logic_has_a_form_that_the_service_reads"),
    (
        "ClientError",
        "| `ClientError` |",
        "every_error_body_of_the_reference_is_read_and_none_fails_the_reading",
    ),
    (
        "mock kit",
        "| `mocker.products[\"P\"].get(return_value=v)` |",
        "every_verb_is_expected_on_the_path_where_it_is_called",
    ),
];

#[test]
fn every_item_of_the_checklist_has_its_row_and_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let table = std::fs::read_to_string(root.join("docs/src/connect/migration.md")).unwrap();
    let mut sources = String::new();
    for folder in ["crates/connect/tests", "crates/connect/tests/it", "crates/rql/tests/it"] {
        for file in root.join(folder).read_dir().unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&std::fs::read_to_string(file).unwrap());
            }
        }
    }
    for (item, row, test) in ITEMS {
        assert!(table.contains(row), "{item}: the migration table has no row {row}");
        assert!(sources.contains(&format!("fn {test}(")), "{item}: there is no test {test}");
    }
}

#[test]
fn every_row_of_the_defect_table_has_a_test_of_its_number() {
    let here = [include_str!("defect.rs"), include_str!("../../../rql/tests/it/defects.rs")].concat();
    let elsewhere = include_str!("../../../cli/tests/it/connect.rs");
    for row in 1..=27 {
        let named = [format!("fn row_{row}_"), format!("fn rows_{row}_"), format!("_and_{row}_")];
        let found =
            named.iter().any(|name| here.contains(name.as_str()) || elsewhere.contains(name.as_str()));
        assert!(found, "row {row}");
    }
}
