"""`mailbot completion`: the script for a shell. It asks this command for the words, so that it never goes out of date."""

import argparse

from mailbot.cli.completing import FILES, candidates
from mailbot.cli.output import json_document

# Each hands over the words of the line as they stand, up to the one that is being typed.
BETWEEN = "\x1f"       # the words of a line, joined by what nobody types: they may look like options of this command
SCRIPTS = {
    "bash": r"""# mailbot: completion for bash.  ~/.bashrc:  source <(mailbot completion bash)
_mailbot() {
    local IFS=$'\x1f' found word
    found=$("${COMP_WORDS[0]}" completion bash --words="${COMP_WORDS[*]:1:COMP_CWORD}" 2>/dev/null </dev/null)
    IFS=$'\n'
    COMPREPLY=()
    if [[ $found == @FILES@ ]]; then
        compopt -o default
        return
    fi
    for word in $found; do
        COMPREPLY+=("$(printf '%q' "${word%%$'\t'*}")")
    done
}
complete -F _mailbot mailbot
""",
    "zsh": r"""#compdef mailbot
# mailbot: completion for zsh.  ~/.zshrc, behind compinit:  source <(mailbot completion zsh)
_mailbot() {
    local -a found described
    local line
    found=("${(@f)$("${words[1]}" completion zsh --words="${(pj:\x1f:)words[2,CURRENT]}" 2>/dev/null </dev/null)}")
    if [[ $found[1] == @FILES@ ]]; then
        _files
        return
    fi
    for line in $found; do
        described+=("${${line%%$'\t'*}//:/\\:}${${(M)line#*$'\t'*}:+:${line#*$'\t'}}")
    done
    _describe mailbot described
}
compdef _mailbot mailbot
""",
    "fish": r"""# mailbot: completion for fish.  mailbot completion fish > ~/.config/fish/completions/mailbot.fish
function __mailbot_words
    set -l line (commandline -opc) (commandline -ct)
    set -l found ($line[1] completion fish --words=(string join \x1f -- $line[2..-1]) 2>/dev/null </dev/null)
    if test "$found[1]" = "@FILES@"
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $found
    end
end
complete -c mailbot -f -a '(__mailbot_words)'
""",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=tuple(SCRIPTS), metavar="SHELL", help="bash, zsh or fish")
    parser.add_argument("--words", help=argparse.SUPPRESS)


def main(options: argparse.Namespace) -> int:
    if options.words is None:
        script = SCRIPTS[options.shell].replace("@FILES@", FILES)
        print(json_document({"shell": options.shell, "script": script}) if options.json else script.rstrip("\n"))
        return 0
    for word, about in candidates(options.words.split(BETWEEN)):
        print(f"{word}\t{about}" if about else word)
    return 0
