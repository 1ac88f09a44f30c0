//! The configuration schema of the Airbyte source.

use serde_json::{Value, json};

/// The connector's specification, as `spec` returns it. A configuration names either a store that
/// `lucca-connector sync` maintains or a tenant with its API key.
pub fn spec() -> Value {
    json!({
        "supportsIncremental": true,
        "supported_destination_sync_modes": [],
        "connectionSpecification": {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": "Lucca",
            "type": "object",
            "additionalProperties": true,
            "anyOf": [{ "required": ["from_store"] }, { "required": ["tenant_url", "api_key"] }],
            "properties": {
                "tenant_url": {
                    "type": "string",
                    "order": 0,
                    "title": "Tenant URL",
                    "description": "The URL of any page of the tenant's Lucca. Every read fetches all \
                                    records from Lucca; the connector stores nothing between reads.",
                    "examples": ["https://acme.ilucca.net"],
                },
                "api_key": {
                    "type": "string",
                    "order": 1,
                    "title": "API key",
                    "description": "In Lucca: Settings, Authentication, SSO and API, API keys. With the \
                         permission Consult / create / modify users; in the key's role, tab Co-workers: See \
                         future employees, See former employees.",
                    "airbyte_secret": true,
                },
                "fields": {
                    "type": "array",
                    "order": 2,
                    "title": "Field groups",
                    "description": "The field groups of employees to read.",
                    "items": {
                        "type": "string",
                        "enum": [
                            "identity", "work", "contract", "custom_fields", "contact", "birth", "address",
                            "identifiers", "bank", "pay_and_reviews", "leave_reason",
                        ],
                    },
                    "default": ["identity", "work", "contract"],
                },
                "requests_per_minute": {
                    "type": "integer",
                    "order": 3,
                    "title": "Requests per minute",
                    "description": "Maximum number of requests to Lucca per minute, out of the 50 that Lucca \
                                    allows all integrations of a tenant together. 0 for no limit by the \
                                    connector, for test servers.",
                    "minimum": 0,
                    "default": 40,
                },
                "allow_loopback": {
                    "type": "boolean",
                    "order": 4,
                    "title": "Allow a tenant on this machine",
                    "description": "For development only.",
                    "default": false,
                },
                "from_store": {
                    "type": "object",
                    "order": 5,
                    "title": "Read from a store",
                    "description": "Reads the store that `lucca-connector sync` maintains instead of Lucca. \
                                    Required for incremental reads.",
                    "additionalProperties": true,
                    "properties": {
                        "data_dir": {
                            "type": "string",
                            "title": "Data directory",
                            "description": "The directory of `--data-dir`; it contains master.key and, \
                                            unless another database is set, connector.db.",
                        },
                        "database": {
                            "type": "string",
                            "title": "Database",
                            "description": "The URL of `--database`.",
                            "airbyte_secret": true,
                        },
                        "account": {
                            "type": "string",
                            "title": "Linked account",
                            "description": "The linked account's id or tenant. Required if the store has \
                                            several linked accounts.",
                        },
                    },
                },
            },
        },
    })
}
