"""The pieces that mailboxes.rules.parsing puts together: bounds, headers, payloads, the tree."""
