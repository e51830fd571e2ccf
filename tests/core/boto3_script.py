"""A script for EC2, as people write it: boto3's documented examples, one after the other.

Only the client is made in another way. The ids in the examples of the tagging calls, which are
those of an image and an instance, are the id of the key pair. A test runs this file.
"""

from pathlib import Path

from core.client import Client

client = Client(region_name="us-east-1")  # client = boto3.client("ec2", region_name="us-east-1")

# To create a key pair

response = client.create_key_pair(
    KeyName="my-key-pair",
)

print(response)

private_key = Path("my-key-pair.pem")
private_key.touch(mode=0o600)
private_key.write_text(response["KeyMaterial"])
key_pair_id = response["KeyPairId"]

# To wait until a key pair exists

waiter = client.get_waiter("key_pair_exists")

waiter.wait(
    Filters=[
        {
            "Name": "key-name",
            "Values": [
                "my-key-pair",
            ],
        },
    ],
    KeyNames=[
        "my-key-pair",
    ],
    DryRun=False,
    IncludePublicKey=True,
    WaiterConfig={"Delay": 123, "MaxAttempts": 123},
)

# To display a key pair

response = client.describe_key_pairs(
    KeyNames=[
        "my-key-pair",
    ],
)

print(response)

fingerprint = response["KeyPairs"][0]["KeyFingerprint"]
created = response["KeyPairs"][0]["CreateTime"].isoformat(timespec="seconds")

# To import a public key

response = client.describe_key_pairs(
    KeyPairIds=[
        key_pair_id,
    ],
    IncludePublicKey=True,
)

response = client.import_key_pair(
    TagSpecifications=[
        {
            "ResourceType": "key-pair",
            "Tags": [
                {"Key": "Stack", "Value": "test"},
            ],
        },
    ],
    DryRun=False,
    KeyName="my-imported-key-pair",
    PublicKeyMaterial=response["KeyPairs"][0]["PublicKey"].encode(),
)

print(response)

imported_id = response["KeyPairId"]

# The name is taken

try:
    client.create_key_pair(KeyName="my-key-pair")
except client.exceptions.ClientError as error:
    duplicate = error.response["Error"]["Code"]
    print(error)

# May I?

try:
    client.delete_key_pair(KeyName="my-key-pair", DryRun=True)
except client.exceptions.ClientError as error:
    if error.response["Error"]["Code"] != "DryRunOperation":
        raise
    allowed = error.response["ResponseMetadata"]["HTTPStatusCode"]

# To add a tag to a resource

response = client.create_tags(
    Resources=[
        key_pair_id,
    ],
    Tags=[
        {
            "Key": "Stack",
            "Value": "production",
        },
    ],
)

print(response)

# To describe the tags for a single resource

response = client.describe_tags(
    Filters=[
        {
            "Name": "resource-id",
            "Values": [
                key_pair_id,
            ],
        },
    ],
)

print(response)

tags = {tag["Key"]: tag["Value"] for tag in response["Tags"]}

# To delete a tag from a resource

response = client.delete_tags(
    Resources=[
        key_pair_id,
        imported_id,
    ],
    Tags=[
        {
            "Key": "Stack",
            "Value": "test",
        },
    ],
)

print(response)

left = client.describe_tags()["Tags"]

# To delete a key pair

response = client.delete_key_pair(
    KeyName="my-key-pair",
)

print(response)

deleted = response["Return"] and response["KeyPairId"] == key_pair_id
names = [key_pair["KeyName"] for key_pair in client.describe_key_pairs()["KeyPairs"]]

try:
    client.describe_key_pairs(KeyNames=["my-key-pair"])
except client.exceptions.ClientError as error:
    gone = str(error)
