"""From the live web into the raw zone: what a source asks for, when, how politely, and what is kept of it."""
