"""Tries a built image as an operator runs it, against a Dovecot on the host: python -m tests.e2e.container IMAGE

Called by container.sh, whose environment tells podman where its images are. Prints a line a check; exit 1 if one fails.
"""

import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e import container_papers as papers
from tests.e2e import container_scenes as scenes
from tests.e2e.podman import Checks
from tests.lab.dovecot import Dovecot, missing

SCENES = (scenes.hardened, scenes.any_uid_and_a_config_map, scenes.tmpfs_and_a_single_file, scenes.data_of_root,
          papers.kube, papers.compose, papers.quadlet, papers.unit)


def main(image: str, only: str = "") -> int:
    if reason := missing():
        print(f"container: {reason}")
        return 1
    checks = Checks()
    scenes.image(checks, image)
    with closing(Dovecot()) as server:
        for scene in SCENES:
            if only not in ("", scene.__name__):
                continue
            with TemporaryDirectory(prefix="mb-container-") as scratch:
                print(f"-- {(scene.__doc__ or '').rstrip('.')}")
                scene(checks, image, scenes.Place(server, Path(scratch)))
    print(f"container: {checks.failed} checks failed" if checks.failed else "container: all checks passed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
