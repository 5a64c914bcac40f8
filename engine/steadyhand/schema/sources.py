"""Where a secret may come from, as data: tables.py takes the objects in, secrets.py and emit.py read the sources."""

from __future__ import annotations

from .fields import Field

F = Field

FROM_KUBERNETES = (
    F("secret", "text", "The name of the secret.", "orders-db", required=True),
    F("key", "text", "The key in it.", "password", required=True),
    F("namespace", "text", "Its namespace; that of the context unless said.", "shop"),
    F("context", "text", "The context of the kubeconfig; the current one unless said.", "prod"),
    F("kubeconfig", "text", "The kubeconfig; KUBECONFIG or ~/.kube/config unless said.", "~/.kube/prod"),
)
FROM_VAULT = (
    F(
        "path",
        "text",
        "The path of the secret, its mount in front unless `mount` is given.",
        "kv/orders-db",
        required=True,
    ),
    F("key", "text", "The key in it.", "password", required=True),
    F("mount", "text", "Where its engine is mounted.", "kv"),
    F("version", "integer", "The version; the newest unless said.", 3, least=1),
    F("address", "text", "The address of Vault; VAULT_ADDR unless said.", "https://vault.example:8200"),
    F("namespace", "text", "The namespace; VAULT_NAMESPACE unless said.", "team-data"),
    F("ca", "text", "A file of the authorities to trust; VAULT_CACERT unless said.", "/etc/ssl/vault-ca.pem"),
    F("token_file", "text", "A file with the token; VAULT_TOKEN or ~/.vault-token unless said.", "/run/vault/token"),
    F("auth", "object", "A login instead of a token.", {"kubernetes": {"role": "steady"}}, of="vault_auth"),
)
VAULT_AUTH = (
    F("approle", "object", "Log in as an AppRole.", {"role_id": "steady"}, of="vault_approle"),
    F("kubernetes", "object", "Log in as the service account of the pod.", {"role": "steady"}, of="vault_kubernetes"),
)
VAULT_APPROLE = (
    F("role_id", "text", "The id of the role.", "5a1c2e", required=True),
    F("secret_id_file", "text", "A file with the secret id.", "/run/vault/secret-id"),
    F("mount", "text", "Where it is mounted; approle unless said.", "approle"),
)
VAULT_KUBERNETES = (
    F("role", "text", "The role.", "steady", required=True),
    F("token_file", "text", "A file with the token of the service account; the pod's own unless said.", "/run/jwt"),
    F("mount", "text", "Where it is mounted; kubernetes unless said.", "kubernetes"),
)
FROM_KEYRING = (
    F("service", "text", "The service that the password is for.", "orders-db", required=True),
    F("username", "text", "The user.", "steady", required=True),
)
SOURCE_TABLES: dict[str, tuple[Field, ...]] = {
    "from_kubernetes": FROM_KUBERNETES, "from_vault": FROM_VAULT, "from_keyring": FROM_KEYRING,
    "vault_auth": VAULT_AUTH, "vault_approle": VAULT_APPROLE, "vault_kubernetes": VAULT_KUBERNETES,
}  # fmt: skip
SOURCES: dict[str, Field] = {
    field.name: field
    for field in (
        F("env", "text", "A variable.", "ORDERS_DB_PASSWORD"),
        F("file", "text", "A file that holds the value.", "/run/secrets/orders-db"),
        F("command", "any", "What a command prints: text for a shell, or a list of words.", "pass show orders-db"),
        F(
            "kubernetes",
            "object",
            "A key of a Kubernetes secret.",
            {"secret": "orders-db", "key": "password"},
            of="from_kubernetes",
        ),
        F(
            "vault",
            "object",
            "A key of a secret in Vault.",
            {"path": "kv/orders-db", "key": "password"},
            of="from_vault",
        ),
        F(
            "keyring",
            "object",
            "A password in the keyring of this machine.",
            {"service": "orders-db", "username": "steady"},
            of="from_keyring",
        ),
    )
}
"""Where a secret may come from."""
