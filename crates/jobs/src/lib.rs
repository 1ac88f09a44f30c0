//! What runs when: a sync of a linked account with the doctor behind it, at the pace of its tenant.
