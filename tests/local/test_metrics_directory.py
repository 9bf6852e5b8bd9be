"""What an instance counts begins anew with it, and is its owner's alone."""

import shutil

from deploy.local import ports
from deploy.local.instance import Instance


def test_a_start_forgets_what_processes_counted_before(tmp_path):
    instance = Instance(tmp_path / "data", ports.free(), ports.free())
    try:
        instance._make_directories()
        directory = instance.state_dir / "metrics"
        (directory / "counter_0.db").write_bytes(b"old")
        instance._make_directories()
        assert list(directory.iterdir()) == []
        assert directory.stat().st_mode & 0o777 == 0o700
        assert directory.stat().st_uid == instance.owner.uid
    finally:
        shutil.rmtree(instance.state_dir, ignore_errors=True)
