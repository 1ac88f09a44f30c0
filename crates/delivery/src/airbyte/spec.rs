//! The configuration schema of the Airbyte source.

use serde_json::{Value, json};

/// The connector's specification, as `spec` returns it. A configuration names either a store that is kept in
/// sync or a tenant with its API key.
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
                    "title": "Lucca's address",
                    "description": "Any page of it will do. Lucca is asked for everything each time; nothing is kept.",
                    "examples": ["https://acme.ilucca.net"],
                },
                "api_key": {
                    "type": "string",
                    "order": 1,
                    "title": "API key",
                    "description": "In Lucca: Settings, Authentication, SSO and API, API keys. With the permission \
                                    Consult / create / modify users; in the key's role, tab Co-workers: See future \
                                    employees, See former employees.",
                    "airbyte_secret": true,
                },
                "fields": {
                    "type": "array",
                    "order": 2,
                    "title": "Field groups",
                    "description": "What is asked for of people.",
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
                    "title": "Requests a minute",
                    "description": "The most requests to send to Lucca in a minute, of the 50 that it allows all \
                                    integrations of a tenant together. 0 for no limit of ours, for test servers.",
                    "minimum": 0,
                    "default": 40,
                },
                "allow_loopback": {
                    "type": "boolean",
                    "order": 4,
                    "title": "Allow a tenant on this machine",
                    "description": "For development.",
                    "default": false,
                },
                "from_store": {
                    "type": "object",
                    "order": 5,
                    "title": "Read from a store",
                    "description": "Instead of asking Lucca: what `lucca-connector sync` keeps. Only this can be read \
                                    incrementally.",
                    "additionalProperties": true,
                    "properties": {
                        "data_dir": {
                            "type": "string",
                            "title": "Data directory",
                            "description": "As --data-dir; it holds master.key and, unless another database is named, \
                                            connector.db.",
                        },
                        "database": {
                            "type": "string",
                            "title": "Database",
                            "description": "As --database.",
                            "airbyte_secret": true,
                        },
                        "account": {
                            "type": "string",
                            "title": "Linked account",
                            "description": "Its id or tenant, where there are several.",
                        },
                    },
                },
            },
        },
    })
}
