"""Lines of scripts as people write them for `aws ec2`, run with `keypairs` in its place."""

import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from core.store.region_store import RegionStore
from tests.each_row import each_row
from tests.forking import python
from tests.helpers import PUBLIC_KEY, Run

ROOT = Path(__file__).parents[3]

SCRIPTS: dict[str, str] = {
    "redirect and chmod": """
aws ec2 create-key-pair --key-name MyKeyPair --query 'KeyMaterial' --output text > MyKeyPair.pem \\
  && chmod 400 MyKeyPair.pem
ssh-keygen -y -P '' -f MyKeyPair.pem
""",
    "jq": """
aws ec2 create-key-pair --key-name k1 --key-type ed25519 --output json | jq -r .KeyMaterial > k1.pem
chmod 600 k1.pem && ssh-keygen -y -P '' -f k1.pem
aws ec2 describe-key-pairs | jq -r '.KeyPairs[].KeyName' | grep -qx k1
""",
    "a loop over Regions": """
for region in us-east-1 eu-west-1 ap-south-1; do
  aws ec2 create-key-pair --region "$region" --key-name loop --key-type ed25519 \\
    --query "KeyMaterial" --output text > "loop-$region.pem" || exit 1
  chmod 600 "loop-$region.pem"
  ssh-keygen -y -P '' -f "loop-$region.pem" || exit 1
done
[ "$(aws ec2 describe-key-pairs --region ap-south-1 --query 'length(KeyPairs)')" = 1 ]
""",
    "umask": """
(umask 077 && aws ec2 create-key-pair --key-name u1 --key-type ed25519 --query KeyMaterial \\
  --output text > u1.pem)
test -s u1.pem || exit 1
[ "$(stat -c %a u1.pem)" = 600 ]
""",
    "delete first and create again": """
set -e
KEY=again
for turn in 1 2; do
  aws ec2 delete-key-pair --key-name $KEY > /dev/null
  rm -f $KEY.pem
  aws ec2 create-key-pair --key-name $KEY --key-type ed25519 --query 'KeyMaterial' --output text \\
    > $KEY.pem
  chmod 400 $KEY.pem
done
FOUND=$(aws ec2 describe-key-pairs --key-names $KEY --query 'KeyPairs[0].KeyName' --output text)
[ "$FOUND" = $KEY ]
""",
    "only if it is not there": """
if ! aws ec2 describe-key-pairs --key-names maybe > /dev/null 2>&1; then
  aws ec2 create-key-pair --key-name maybe --key-type ed25519 --query KeyMaterial --output text \\
    > maybe.pem
fi
aws ec2 describe-key-pairs --key-names maybe > /dev/null || exit 1
aws ec2 create-key-pair --key-name maybe 2> errors; [ $? = 254 ] || exit 1
grep -q InvalidKeyPair.Duplicate errors
""",
    "a here-document": """
aws ec2 import-key-pair --key-name here --public-key-material file:///dev/stdin <<END
@PUBLIC_KEY@ me@here
END
aws ec2 import-key-pair --key-name file --public-key-material fileb://id.pub || exit 1
aws ec2 describe-key-pairs --key-names here file --include-public-key \\
  --query 'KeyPairs[].PublicKey' --output text | grep -c ssh-ed25519 | grep -qx 2
""",
    "xargs": """
for n in 1 2 3; do
  aws ec2 import-key-pair --key-name "old-$n" --public-key-material fileb://id.pub \\
    --tag-specifications "ResourceType=key-pair,Tags=[{Key=Stage,Value=test}]" > /dev/null
done
aws ec2 describe-key-pairs --filters Name=tag:Stage,Values=test \\
  --query 'KeyPairs[*].KeyName' --output text | tr '\\t' '\\n' \\
  | xargs -n1 aws ec2 delete-key-pair --key-name > /dev/null
[ "$(aws ec2 describe-key-pairs --filters Name=key-name,Values='old-*' --query 'KeyPairs' \\
  --output text)" = "" ]
""",
    "wait, and tags by the id": """
set -e
ID=$(aws ec2 import-key-pair --key-name tagged --public-key-material fileb://id.pub \\
  --query KeyPairId --output text)
aws ec2 wait key-pair-exists --key-names tagged
aws ec2 create-tags --resources "$ID" --tags Key=Name,Value=tagged 'Key=Owner,Value="a b"'
aws ec2 delete-tags --resources "$ID" --tags Key=Name
[ "$(aws ec2 describe-tags --filters "Name=resource-id,Values=$ID" --query 'Tags[].Value' \\
  --output text)" = "a b" ]
""",
    "a skeleton": """
set -e
aws ec2 create-key-pair --generate-cli-skeleton > skeleton.json
jq '.KeyName="filled" | .DryRun=false | .TagSpecifications[0].Tags[0]={"Key":"a","Value":"b"}
  | .KeyType="ed25519"' skeleton.json > filled.json
aws ec2 create-key-pair --cli-input-json file://filled.json --no-cli-pager | jq -re .KeyMaterial
[ "$(aws ec2 describe-key-pairs --key-names filled --output text --query \\
  'KeyPairs[].Tags[].[Key,Value]')" = "$(printf 'a\\tb')" ]
""",
    "a failure that set -e sees": """
sh -ec 'aws ec2 describe-key-pairs --key-names nobody 2> errors; echo unreachable' > output
test -s output && exit 1
grep -q InvalidKeyPair.NotFound errors || exit 1
aws ec2 create-key-pair --key-name lost --query Keymaterial --output text > lost.pem 2>/dev/null \\
  && exit 1
! aws ec2 describe-key-pairs --key-names lost 2>/dev/null
""",
    "nobody is asked": """
aws ec2 import-key-pair --key-name quiet --public-key-material fileb://id.pub > /dev/null
echo n | aws ec2 delete-key-pair --key-name quiet > /dev/null
! aws ec2 describe-key-pairs --key-names quiet 2> /dev/null
""",
}


@pytest.mark.long
@each_row("what", sorted(SCRIPTS))
def test_a_script_runs_unchanged_but_for_the_name_of_the_program(
    what: str, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    run_script(what, tool("dash"), tmp_path)


@pytest.mark.long
@each_row("what", sorted(SCRIPTS))
def test_a_script_runs_unchanged_in_bash_as_well(
    what: str, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    run_script(what, tool("bash"), tmp_path)


def run_script(what: str, shell: str, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "keypairs"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join(python())} -m tui "$@"\n')
    program.chmod(0o755)
    (tmp_path / "id.pub").write_text(f"{PUBLIC_KEY} me\n")
    text = SCRIPTS[what].replace("aws ec2", "keypairs").replace("@PUBLIC_KEY@", PUBLIC_KEY)
    done = subprocess.run(
        [shell, "-c", text],
        cwd=tmp_path,
        env={
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "KEYPAIRS_DATA_DIR": str(tmp_path / "data"),
            "PYTHONPATH": str(ROOT),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("encoded", ["literal", "file"])
def test_base64_as_version_2_of_the_aws_cli_wants_it_is_taken(
    encoded: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.tui.commands.calling import call

    monkeypatch.setenv("KEYPAIRS_DATA_DIR", str(tmp_path / "data"))
    text = run("base64", stdin=f"{PUBLIC_KEY} me\n".encode()).stdout.decode()
    path = tmp_path / "encoded"
    path.write_text(text)
    material = text if encoded == "literal" else f"file://{path}"
    assert call("import-key-pair", "--key-name", "v2", "--public-key-material", material) == 0
    (pair,) = RegionStore(tmp_path / "data", "us-east-1").read().key_pairs.values()
    assert pair.public_key == PUBLIC_KEY
