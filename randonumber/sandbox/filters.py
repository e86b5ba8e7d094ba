"""What lists can be filtered by, and the indexes behind it.

An index holds only the objects that have the field, so that one more filter costs the others next to nothing; it is in
the order of a list, so that a page is read without sorting, wherever it begins.
"""

# Where a filter is looked up.
COLUMNS = {
    "customer": "json_extract(body, '$.customer')",
    "payment_intent": "json_extract(body, '$.payment_intent')",
    "email": "json_extract(body, '$.email')",
    "source": "json_extract(body, '$.source')",
    "type": "json_extract(body, '$.type')",
    "status": "json_extract(body, '$.status')",
    "currency": "json_extract(body, '$.currency')",
    "customer_email": "json_extract(body, '$.customer_details.email')",
    "transfer_group": "json_extract(body, '$.transfer_group')",
    "charge": "json_extract(body, '$.charge')",
    "destination": "json_extract(body, '$.destination')",
    "payment_method": "json_extract(body, '$.payment_method')",
    "allow_redisplay": "json_extract(body, '$.allow_redisplay')",
    "transfer": "json_extract(body, '$.transfer')",
    "payout": "json_extract(hidden, '$.payout')",
    "arrival_date": "json_extract(body, '$.arrival_date')",
    "undelivered": "(json_extract(body, '$.pending_webhooks') > 0)",
}
# What an event is about.
SUBJECT = "json_extract(body, '$.data.object.id')"
# Those of earlier versions, which were in another order or larger than needed.
OUTDATED = ("objects_customer", "objects_intent", "objects_email", "objects_source", "objects_type")
INDEXES = [
    *(f"DROP INDEX IF EXISTS {name}" for name in OUTDATED),
    "CREATE INDEX IF NOT EXISTS objects_created ON objects (account, kind, created, seq)",
    "CREATE INDEX IF NOT EXISTS objects_deleted ON objects (account, kind) WHERE deleted = 1",
    f"CREATE INDEX IF NOT EXISTS objects_subject ON objects ({SUBJECT}) WHERE kind = 'event'",
    *(
        f"CREATE INDEX IF NOT EXISTS objects_by_{name} ON objects (account, kind, {column}, created, seq) "
        f"WHERE {column} IS NOT NULL"
        for name, column in COLUMNS.items()
    ),
]
