"""The page that people see at the gateway's root: its files, and how they are sent."""
