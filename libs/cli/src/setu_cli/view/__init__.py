"""What people see: tables made of snapshots."""
