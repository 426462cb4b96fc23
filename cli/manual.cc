#include "cli/manual.h"

namespace hfget::cli {
namespace {

constexpr ManualEntry kVariables[] = {
    {"HFGET_SOCKET", "The daemon's socket, when --socket is not given."},
    {"HFGET_DAEMON_USER", "Whose daemon may be at the socket, as --daemon-user."},
    {"HFGET_ADDRESS, HFGET_API_TOKEN_FILE, HFGET_CA, HFGET_CERT, HFGET_KEY",
     "A daemon that is reached by TCP, as the options of these names."},
    {"HF_TOKEN, HUGGING_FACE_HUB_TOKEN", "The Hugging Face token, when neither --token nor --token-file is given."},
    {"HF_TOKEN_PATH", "The file that holds the token; default: $HF_HOME/token."},
    {"HF_HUB_DISABLE_IMPLICIT_TOKEN", "1: no token is used but one that is given."},
    {"MODELSCOPE_API_TOKEN", "The token for ModelScope."},
    {"HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME", "Where the cache is, the first that is set."},
    {"MODELSCOPE_CACHE", "ModelScope's cache."},
    {"XDG_RUNTIME_DIR, XDG_STATE_HOME, XDG_CONFIG_HOME", "Where socket, state and configuration are, see FILES."},
    {"HF_ENDPOINT, HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY", "Read by the daemon, when it starts."},
    {"NO_COLOR", "Set: no colours."},
    {"LC_ALL, LC_CTYPE, LANG", "The first that is set and is not UTF-8 makes bars plain ASCII."},
};

constexpr ManualEntry kFiles[] = {
    {"$XDG_RUNTIME_DIR/hfget/hfgetd.sock", "The daemon's socket; without that variable /tmp/hfget-UID/hfgetd.sock."},
    {"~/.config/hfget/config.toml", "The daemon's configuration."},
    {"~/.local/state/hfget/", "What the daemon remembers, and hfgetd.log."},
    {"~/.cache/huggingface/hub/", "The cache, as huggingface_hub has it."},
    {"~/.cache/huggingface/token", "The token that hf auth login and hfget auth login store."},
    {"~/.cache/modelscope/", "ModelScope's cache."},
};

constexpr ManualExample kExamples[] = {
    {"", "hfget pull org/model", "Pull a repo into the cache; the last line printed is its folder."},
    {"", "hfget doctor org/model", "Find out why that does not work."},
    {"", "hfget top", "See what the daemon does."},
    {"pull", "hfget pull org/model --include '*.safetensors' --include '*.json'", "Only files that match."},
    {"pull", "hfget pull datasets/org/name train/ --local-dir ./data", "A folder of a dataset, into a folder of one's own."},
    {"pull", "hfget pull hf://org/model@v1.0/config.json", "One file of a tag."},
    {"pull", "hfget pull org/model --detach --priority 10 --label team=nlp", "Leave it to the daemon, ahead of others."},
    {"pull", "hfget pull org/model --dry-run", "What would be fetched."},
    {"ps", "hfget ps --label team=nlp --json", "The running pulls with a label, for a script."},
    {"watch", "hfget watch 1a2b", "Come back to the pull whose id begins so."},
    {"doctor", "hfget doctor org/model --json", "The findings, for a script."},
    {"sources", "hfget sources --explain hf-mirror", "Why that source stands where it stands."},
    {"sources", "hfget sources disable hf-mirror", "Do without it."},
    {"auth", "hfget auth login --token-file /run/secrets/hf", "Store a token that a file holds."},
    {"daemon", "hfget daemon start --token-file /run/secrets/hf", "Start it with a token for all pulls that bring none."},
    {"top", "hfget top --json | jq .stats.wasted_bytes", "A figure, again and again."},
    {"logs", "hfget logs --follow --since 10m", "The last ten minutes, and what comes."},
    {"completion", "hfget completion bash > ~/.local/share/bash-completion/completions/hfget", "Completions for every new shell."},
    {"man", "hfget man pull | less", "The source of the page of hfget pull."},
};

}  // namespace

absl::Span<const ManualEntry> ManualVariables() { return kVariables; }

absl::Span<const ManualEntry> ManualFiles() { return kFiles; }

absl::Span<const ManualExample> ManualExamples() { return kExamples; }

}  // namespace hfget::cli
