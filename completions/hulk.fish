# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_hulk_global_optspecs
    string join \n server= profile= json q/quiet v/verbose color= no-progress y/yes h/help V/version
end

function __fish_hulk_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_hulk_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_hulk_using_subcommand
    set -l cmd (__fish_hulk_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c hulk -n "__fish_hulk_needs_command" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_needs_command" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_needs_command" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_needs_command" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_needs_command" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_needs_command" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_needs_command" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_needs_command" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_needs_command" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_needs_command" -s V -l version -d 'Print version'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "put" -d 'Upload files and print their links'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "get" -d 'Download files and directories, and verify them'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "ls" -d 'List files and directories'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "mv" -d 'Rename or move files and directories; links stay valid'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "mkdir" -d 'Create directories and their parents'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "find" -d 'Find files by name, tag, type, size and age'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "set" -d 'Set access, expiry, tags and description of a file or directory'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "share" -d 'Share files and directories by link; list and revoke links'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "versions" -d 'List the kept versions of a file'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "restore" -d 'Restore an older version of a file as the newest one'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "trash" -d 'List, restore and delete items in the trash'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "usage" -d 'Show how much you store, by type, and your quota'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "info" -d 'Show all details of a file or directory'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "open" -d 'Open your files in a browser, signed in by a link that works once, for 60 s'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "rm" -d 'Move files and directories to the trash'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "keys" -d 'Manage API keys'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "admin" -d 'Manage the users, tiers, files and jobs of a server, as moderator or admin'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "login" -d 'Log in to a server: by a code that you type on its page, or with an API key'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "logout" -d 'Log out: remove the API key of the profile, and revoke it if login created it'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "whoami" -d 'Show the user and API key you are logged in with'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "doctor" -d 'Check server, key, clocks, store and proxies, and suggest fixes'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "serve" -d 'Run a server, with nothing else to install'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "completions" -d 'Print shell completions'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "man" -d 'Print the manual page of hulk, or of one command'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "keep-clipboard" -d 'Hold the clipboard until another program takes it; started by `put`'
complete -c hulk -n "__fish_hulk_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hulk -n "__fish_hulk_using_subcommand put" -l to -d 'Where to put them: a directory if it ends in / or is one, else the file itself; or a drop link' -r
complete -c hulk -n "__fish_hulk_using_subcommand put" -l name -d 'Name of the file; required for standard input' -r
complete -c hulk -n "__fish_hulk_using_subcommand put" -l expires -d 'When to delete the files: 1d, 2d, 3d, 7d, 14d, 30d, 90d, 180d or never' -r
complete -c hulk -n "__fish_hulk_using_subcommand put" -l include -d 'In directories, include only matching files; DIR/ matches all below; may be given several times' -r
complete -c hulk -n "__fish_hulk_using_subcommand put" -l exclude -d 'In directories, skip matching files and directories; overrides --include' -r
complete -c hulk -n "__fish_hulk_using_subcommand put" -l parallel -d 'Number of parallel connections [default: adaptive]' -r
complete -c hulk -n "__fish_hulk_using_subcommand put" -l limit-rate -d 'Limit the bytes per second, such as 2MB or 500KiB' -r
complete -c hulk -n "__fish_hulk_using_subcommand put" -l part-size -d 'Size of a part, such as 16MiB [default: chosen by the server]' -r
complete -c hulk -n "__fish_hulk_using_subcommand put" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand put" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand put" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand put" -l public -d 'Let anyone with the link download'
complete -c hulk -n "__fish_hulk_using_subcommand put" -l private -d 'Let only you download'
complete -c hulk -n "__fish_hulk_using_subcommand put" -l no-clobber -d 'Fail if the file already exists'
complete -c hulk -n "__fish_hulk_using_subcommand put" -l dry-run -d 'Show what would be done without doing it'
complete -c hulk -n "__fish_hulk_using_subcommand put" -s L -l follow-links -d 'Follow symbolic links in directories instead of skipping them'
complete -c hulk -n "__fish_hulk_using_subcommand put" -l clipboard -d 'Copy the link to the clipboard even if stdout is not a terminal'
complete -c hulk -n "__fish_hulk_using_subcommand put" -l no-clipboard -d 'Do not copy the link to the clipboard'
complete -c hulk -n "__fish_hulk_using_subcommand put" -l qr -d 'Show the link as a QR code on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand put" -l serve -d 'Serve the files from this process until Ctrl-C; needs no account and no server'
complete -c hulk -n "__fish_hulk_using_subcommand put" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand put" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand put" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand put" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand put" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand put" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand get" -s o -l output -d 'File or directory to write to; - for standard output' -r -F
complete -c hulk -n "__fish_hulk_using_subcommand get" -l include -d 'In directories, include only matching files; DIR/ matches all below; may be given several times' -r
complete -c hulk -n "__fish_hulk_using_subcommand get" -l exclude -d 'In directories, skip matching files and directories; overrides --include' -r
complete -c hulk -n "__fish_hulk_using_subcommand get" -l parallel -d 'Number of parallel connections [default: adaptive]' -r
complete -c hulk -n "__fish_hulk_using_subcommand get" -l limit-rate -d 'Limit the bytes per second, such as 2MB or 500KiB' -r
complete -c hulk -n "__fish_hulk_using_subcommand get" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand get" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand get" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand get" -l no-verify -d 'Skip the SHA-256 check'
complete -c hulk -n "__fish_hulk_using_subcommand get" -l force -d 'Replace existing files'
complete -c hulk -n "__fish_hulk_using_subcommand get" -l no-cache -d 'Do not read or write the download cache'
complete -c hulk -n "__fish_hulk_using_subcommand get" -l dry-run -d 'Show what would be done without doing it'
complete -c hulk -n "__fish_hulk_using_subcommand get" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand get" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand get" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand get" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand get" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand get" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand ls" -l sort -d 'Sort by name, by size (the smallest first) or by time (the oldest first)' -r -f -a "name\t''
size\t''
created\t''"
complete -c hulk -n "__fish_hulk_using_subcommand ls" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand ls" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand ls" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand ls" -s l -d 'Show size, time, expiry and permission'
complete -c hulk -n "__fish_hulk_using_subcommand ls" -s R -d 'List directories recursively'
complete -c hulk -n "__fish_hulk_using_subcommand ls" -l reverse -d 'Reverse the order'
complete -c hulk -n "__fish_hulk_using_subcommand ls" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand ls" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand ls" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand ls" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand ls" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand ls" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand mv" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand mv" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand mv" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand mv" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand mv" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand mv" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand mv" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand mv" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand mv" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand mkdir" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand mkdir" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand mkdir" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand mkdir" -s p -l parents -d 'Do not fail if a directory already exists'
complete -c hulk -n "__fish_hulk_using_subcommand mkdir" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand mkdir" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand mkdir" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand mkdir" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand mkdir" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand mkdir" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand find" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand find" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand find" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand find" -s l -d 'Show size, time, expiry and permission'
complete -c hulk -n "__fish_hulk_using_subcommand find" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand find" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand find" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand find" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand find" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand find" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand set" -l expires -d 'When to delete it, from now: 1d, 2d, 3d, 7d, 14d, 30d, 90d, 180d or never; for a directory, sets the default for files put into it' -r
complete -c hulk -n "__fish_hulk_using_subcommand set" -l tag -d 'Add a tag; may be given several times' -r
complete -c hulk -n "__fish_hulk_using_subcommand set" -l untag -d 'Remove a tag; may be given several times' -r
complete -c hulk -n "__fish_hulk_using_subcommand set" -l description -d 'Describe the file' -r
complete -c hulk -n "__fish_hulk_using_subcommand set" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand set" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand set" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand set" -l public -d 'Let anyone with the link download'
complete -c hulk -n "__fish_hulk_using_subcommand set" -l private -d 'Let only you download'
complete -c hulk -n "__fish_hulk_using_subcommand set" -l inherit -d 'Inherit the setting of the parent directory'
complete -c hulk -n "__fish_hulk_using_subcommand set" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand set" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand set" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand set" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand set" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand set" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -l expires -d 'When the link expires: 1d, 2d, 3d, 7d, 14d, 30d, 90d, 180d or never' -r
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -l max-downloads -d 'Maximum number of downloads' -r
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -l max-size -d 'With --uploads, maximum size of each file, such as 500MB' -r
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -l max-total -d 'With --uploads, maximum size of all files together, such as 20GB [default: half of your quota]' -r
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -l max-files -d 'With --uploads, maximum number of files [default: 1000]' -r
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -l password -d 'Protect the link with a password, which is prompted for'
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -l password-stdin -d 'Read the password from standard input'
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -l uploads -d 'Let others upload files into the directory without seeing its contents'
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -a "ls" -d 'List your share links'
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -a "rm" -d 'Revoke share links, which answer 410 from then on'
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -a "uploads" -d 'List the unfinished uploads of a share link'
complete -c hulk -n "__fish_hulk_using_subcommand share; and not __fish_seen_subcommand_from ls rm uploads help" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from ls" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from ls" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from ls" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from ls" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from ls" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from ls" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from rm" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from rm" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from rm" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from rm" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from rm" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from rm" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from uploads" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from uploads" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from uploads" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from uploads" -l cancel -d 'Cancel them; they cannot be resumed, only restarted'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from uploads" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from uploads" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from uploads" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from uploads" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from uploads" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from uploads" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from help" -f -a "ls" -d 'List your share links'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from help" -f -a "rm" -d 'Revoke share links, which answer 410 from then on'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from help" -f -a "uploads" -d 'List the unfinished uploads of a share link'
complete -c hulk -n "__fish_hulk_using_subcommand share; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hulk -n "__fish_hulk_using_subcommand versions" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand versions" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand versions" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand versions" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand versions" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand versions" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand versions" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand versions" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand versions" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand restore" -l version -d 'Version to restore [default: the one before the current]' -r
complete -c hulk -n "__fish_hulk_using_subcommand restore" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand restore" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand restore" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand restore" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand restore" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand restore" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand restore" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand restore" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand restore" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and not __fish_seen_subcommand_from ls restore rm empty help" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand trash; and not __fish_seen_subcommand_from ls restore rm empty help" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand trash; and not __fish_seen_subcommand_from ls restore rm empty help" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand trash; and not __fish_seen_subcommand_from ls restore rm empty help" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and not __fish_seen_subcommand_from ls restore rm empty help" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and not __fish_seen_subcommand_from ls restore rm empty help" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and not __fish_seen_subcommand_from ls restore rm empty help" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and not __fish_seen_subcommand_from ls restore rm empty help" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and not __fish_seen_subcommand_from ls restore rm empty help" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and not __fish_seen_subcommand_from ls restore rm empty help" -f -a "ls" -d 'List deleted files and directories that can be restored'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and not __fish_seen_subcommand_from ls restore rm empty help" -f -a "restore" -d 'Restore items to their original path, or to a free name if the path is in use'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and not __fish_seen_subcommand_from ls restore rm empty help" -f -a "rm" -d 'Delete items in the trash permanently'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and not __fish_seen_subcommand_from ls restore rm empty help" -f -a "empty" -d 'Delete everything in the trash permanently'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and not __fish_seen_subcommand_from ls restore rm empty help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from ls" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from ls" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from ls" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from ls" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from ls" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from ls" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from restore" -l to -d 'Restore to this path instead' -r
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from restore" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from restore" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from restore" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from restore" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from restore" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from restore" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from restore" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from rm" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from rm" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from rm" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from rm" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from rm" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from rm" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from empty" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from empty" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from empty" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from empty" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from empty" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from empty" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from empty" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from empty" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from empty" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from help" -f -a "ls" -d 'List deleted files and directories that can be restored'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from help" -f -a "restore" -d 'Restore items to their original path, or to a free name if the path is in use'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from help" -f -a "rm" -d 'Delete items in the trash permanently'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from help" -f -a "empty" -d 'Delete everything in the trash permanently'
complete -c hulk -n "__fish_hulk_using_subcommand trash; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hulk -n "__fish_hulk_using_subcommand usage" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand usage" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand usage" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand usage" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand usage" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand usage" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand usage" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand usage" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand usage" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand info" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand info" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand info" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand info" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand info" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand info" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand info" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand info" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand info" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand open" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand open" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand open" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand open" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand open" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand open" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand open" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand open" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand open" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hulk -n "__fish_hulk_using_subcommand rm" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand rm" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand rm" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand rm" -s r -l recursive -d 'Remove directories and everything in them'
complete -c hulk -n "__fish_hulk_using_subcommand rm" -l purge -d 'Delete permanently instead of moving to the trash'
complete -c hulk -n "__fish_hulk_using_subcommand rm" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand rm" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand rm" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand rm" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand rm" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand rm" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and not __fish_seen_subcommand_from ls create rm help" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand keys; and not __fish_seen_subcommand_from ls create rm help" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand keys; and not __fish_seen_subcommand_from ls create rm help" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand keys; and not __fish_seen_subcommand_from ls create rm help" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and not __fish_seen_subcommand_from ls create rm help" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and not __fish_seen_subcommand_from ls create rm help" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and not __fish_seen_subcommand_from ls create rm help" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and not __fish_seen_subcommand_from ls create rm help" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and not __fish_seen_subcommand_from ls create rm help" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and not __fish_seen_subcommand_from ls create rm help" -f -a "ls" -d 'List your API keys'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and not __fish_seen_subcommand_from ls create rm help" -f -a "create" -d 'Create an API key and print it once'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and not __fish_seen_subcommand_from ls create rm help" -f -a "rm" -d 'Revoke an API key'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and not __fish_seen_subcommand_from ls create rm help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from ls" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from ls" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from ls" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from ls" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from ls" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from ls" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from create" -l label -d 'Label that says what the key is for' -r
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from create" -l permissions -d 'Permissions of the key' -r -f -a "read\t'Lists and downloads'
upload\t'Creates files and versions and gets their links; sees, changes and deletes nothing else'
write\t'Reads, uploads, changes and moves to the trash'
all\t'Also deletes permanently, and manages keys and shares'"
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from create" -l expires -d 'When the key expires: 1d, 2d, 3d, 7d, 14d, 30d, 90d, 180d or never' -r
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from create" -l path -d 'Directory that the key is bound to; created if it does not exist' -r
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from create" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from create" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from create" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from create" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from create" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from create" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from rm" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from rm" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from rm" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from rm" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from rm" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from rm" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "ls" -d 'List your API keys'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "create" -d 'Create an API key and print it once'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "rm" -d 'Revoke an API key'
complete -c hulk -n "__fish_hulk_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -f -a "users" -d 'List, create, change and delete users'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -f -a "files" -d 'List and delete files of all users'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -f -a "tiers" -d 'List, create, change and delete tiers, which limit what their users may store and transfer'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -f -a "requests" -d 'List, approve and refuse requests of users for another tier'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -f -a "stats" -d 'Show how much the server holds'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -f -a "settings" -d 'Show how the server is set up, without secrets'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -f -a "audit" -d 'List who did what, the newest first'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -f -a "jobs" -d 'List work that the server does on its own, such as mails to send'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and not __fish_seen_subcommand_from users files tiers requests stats settings audit jobs help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -f -a "ls" -d 'List users'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -f -a "show" -d 'Show a user, with what they have and their newest files'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -f -a "create" -d 'Create a user and print the id'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -f -a "set" -d 'Change the role, the tier, the quota or the state of the email address of a user'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -f -a "suspend" -d 'Suspend a user: their keys, sessions, links and shares stop at once'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -f -a "restore" -d 'Restore a suspended user'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -f -a "password" -d 'Set the password of a user'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -f -a "rm" -d 'Delete a user and everything of theirs permanently'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from users" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from files" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from files" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from files" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from files" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from files" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from files" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from files" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from files" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from files" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from files" -f -a "ls" -d 'List files of all users'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from files" -f -a "rm" -d 'Move files to the trash of their owners'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from files" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from tiers" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from tiers" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from tiers" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from tiers" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from tiers" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from tiers" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from tiers" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from tiers" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from tiers" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from tiers" -f -a "ls" -d 'List all tiers'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from tiers" -f -a "create" -d 'Create a tier and print the id; a limit that is not given is unlimited'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from tiers" -f -a "set" -d 'Change the name, the limits or the price of a tier; what is not given stays'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from tiers" -f -a "rm" -d 'Delete a tier that no user has'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from tiers" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from requests" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from requests" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from requests" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from requests" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from requests" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from requests" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from requests" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from requests" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from requests" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from requests" -f -a "ls" -d 'List requests for tiers'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from requests" -f -a "approve" -d 'Approve a request: the user gets the tier'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from requests" -f -a "refuse" -d 'Refuse a request: the user keeps their tier'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from requests" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from stats" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from stats" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from stats" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from stats" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from stats" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from stats" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from stats" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from stats" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from settings" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from settings" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from settings" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from settings" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from settings" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from settings" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from settings" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from settings" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from settings" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from audit" -l user -d 'Only what this user did, named by id or email address' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from audit" -l action -d 'Only this action, such as file.delete' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from audit" -l target -d 'Only what was done to the user, file, key or share with this id' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from audit" -l limit -d 'Most events to list' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from audit" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from audit" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from audit" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from audit" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from audit" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from audit" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from audit" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from audit" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from audit" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from jobs" -l state -d 'Only jobs in this state' -r -f -a "queued\t''
running\t''
done\t''
failed\t''"
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from jobs" -l limit -d 'Most jobs to list' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from jobs" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from jobs" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from jobs" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from jobs" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from jobs" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from jobs" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from jobs" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from jobs" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from jobs" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "users" -d 'List, create, change and delete users'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "files" -d 'List and delete files of all users'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "tiers" -d 'List, create, change and delete tiers, which limit what their users may store and transfer'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "requests" -d 'List, approve and refuse requests of users for another tier'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "stats" -d 'Show how much the server holds'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "settings" -d 'Show how the server is set up, without secrets'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "audit" -d 'List who did what, the newest first'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "jobs" -d 'List work that the server does on its own, such as mails to send'
complete -c hulk -n "__fish_hulk_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hulk -n "__fish_hulk_using_subcommand login" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand login" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand login" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand login" -l api-key-stdin -d 'Read the API key from standard input'
complete -c hulk -n "__fish_hulk_using_subcommand login" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand login" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand login" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand login" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand login" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand login" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand logout" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand logout" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand logout" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand logout" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand logout" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand logout" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand logout" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand logout" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand logout" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand whoami" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand whoami" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand whoami" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand whoami" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand whoami" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand whoami" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand whoami" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand whoami" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand whoami" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand doctor" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand doctor" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand doctor" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand doctor" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand doctor" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand doctor" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand doctor" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand doctor" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l listen -d 'Address to listen on; port 0 picks a free one' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l public-url -d 'URL under which clients reach this server; links begin with it [default: http://LISTEN]' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l content-url -d 'Origin for downloads from the embedded store, apart from pages and API [default: the public URL]' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l data-dir -d 'Directory of the SQLite database and the embedded store' -r -F
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l database-url -d 'Database to use instead of SQLite in the data directory, such as postgres://…' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l s3-endpoint -d 'S3 store to use instead of the embedded one; credentials come from the AWS variables' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l s3-bucket -d 'Bucket in the S3 store' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l s3-region -d 'Region of the S3 store' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l env-name -d 'First part of every object\'s key' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l max-file-size -d 'Size of the largest file accepted, such as 500MB or 2GiB' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l default-quota -d 'Quota of a new user [default: 10GiB, or that of --default-tier]' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l default-tier -d 'Tier of a new user [default: free]' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l versions-kept -d 'Versions kept of each file, including the newest; 0 or 1 keeps only the newest' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l trash-days -d 'Days for which deleted things can be restored; 0 deletes permanently at once' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l allowed-extensions -d 'File name extensions that are accepted, such as csv,parquet [default: all]' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l max-objects -d 'Files and directories that a user may have, including those in the trash' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l signup -d 'Who may create an account [default: closed, or invite if there is a code]' -r -f -a "closed\t'Nobody: the operator creates accounts'
invite\t'Whoever has the code of --invite-code'
open\t'Everybody'"
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l invite-code -d 'Code that whoever creates an account must know' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l smtp-url -d 'Server that takes mails, such as smtps://USER:PASSWORD@HOST [default: files in DATA_DIR/outbox]' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l mail-from -d 'Sender of mails' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l trusted-proxies -d 'Networks of proxies whose X-Forwarded-For is trusted, such as 10.0.0.0/8,192.0.2.1 [default: none]' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l cors-origins -d 'Origins whose pages may use the API, such as https://app.example.com [default: none]' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l rate-limit -d 'Requests that one client may make, as CLASS=N/WINDOW, CLASS=off, or off for no limits; classes are login, signup, api, upload and link [default: login=10/15min,signup=5/15min, the others off]' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l metrics-listen -d 'Address for /metrics and the checks of /readyz [default: on --listen, for local clients only]' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l store-listen -d 'Local address for the embedded store\'s full S3 API, for whoever has the keys in store/credentials [default: none; clients use presigned URLs]' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l max-connections -d 'Largest number of connections at a time' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l max-client-connections -d 'Largest number of connections of one client at a time' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l min-rate -d 'Bytes per second below which a client that sends or receives is disconnected after 30 seconds' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l password-recipe -d 'Require an upper-case letter, a lower-case letter and a digit in new passwords'
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand serve" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand serve" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand serve" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand serve" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hulk -n "__fish_hulk_using_subcommand completions" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand completions" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand completions" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand completions" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand completions" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand completions" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand completions" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand completions" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand completions" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand man" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand man" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand man" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand man" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand man" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand man" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand man" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand man" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand man" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand keep-clipboard" -l server -d 'Server to use [env: HULK_SERVER] [default: the profile\'s]' -r
complete -c hulk -n "__fish_hulk_using_subcommand keep-clipboard" -l profile -d 'Profile to use [env: HULK_PROFILE] [default: that of the last login]' -r
complete -c hulk -n "__fish_hulk_using_subcommand keep-clipboard" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c hulk -n "__fish_hulk_using_subcommand keep-clipboard" -l json -d 'Print one JSON document on stdout'
complete -c hulk -n "__fish_hulk_using_subcommand keep-clipboard" -s q -l quiet -d 'Print only errors on stderr'
complete -c hulk -n "__fish_hulk_using_subcommand keep-clipboard" -s v -l verbose -d 'Print more details'
complete -c hulk -n "__fish_hulk_using_subcommand keep-clipboard" -l no-progress -d 'Hide progress'
complete -c hulk -n "__fish_hulk_using_subcommand keep-clipboard" -s y -l yes -d 'Answer yes to every question'
complete -c hulk -n "__fish_hulk_using_subcommand keep-clipboard" -s h -l help -d 'Print help'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "put" -d 'Upload files and print their links'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "get" -d 'Download files and directories, and verify them'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "ls" -d 'List files and directories'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "mv" -d 'Rename or move files and directories; links stay valid'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "mkdir" -d 'Create directories and their parents'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "find" -d 'Find files by name, tag, type, size and age'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "set" -d 'Set access, expiry, tags and description of a file or directory'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "share" -d 'Share files and directories by link; list and revoke links'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "versions" -d 'List the kept versions of a file'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "restore" -d 'Restore an older version of a file as the newest one'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "trash" -d 'List, restore and delete items in the trash'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "usage" -d 'Show how much you store, by type, and your quota'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "info" -d 'Show all details of a file or directory'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "open" -d 'Open your files in a browser, signed in by a link that works once, for 60 s'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "rm" -d 'Move files and directories to the trash'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "keys" -d 'Manage API keys'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "admin" -d 'Manage the users, tiers, files and jobs of a server, as moderator or admin'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "login" -d 'Log in to a server: by a code that you type on its page, or with an API key'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "logout" -d 'Log out: remove the API key of the profile, and revoke it if login created it'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "whoami" -d 'Show the user and API key you are logged in with'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "doctor" -d 'Check server, key, clocks, store and proxies, and suggest fixes'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "serve" -d 'Run a server, with nothing else to install'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "completions" -d 'Print shell completions'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "man" -d 'Print the manual page of hulk, or of one command'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "keep-clipboard" -d 'Hold the clipboard until another program takes it; started by `put`'
complete -c hulk -n "__fish_hulk_using_subcommand help; and not __fish_seen_subcommand_from put get ls mv mkdir find set share versions restore trash usage info open rm keys admin login logout whoami doctor serve completions man keep-clipboard help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from share" -f -a "ls" -d 'List your share links'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from share" -f -a "rm" -d 'Revoke share links, which answer 410 from then on'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from share" -f -a "uploads" -d 'List the unfinished uploads of a share link'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from trash" -f -a "ls" -d 'List deleted files and directories that can be restored'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from trash" -f -a "restore" -d 'Restore items to their original path, or to a free name if the path is in use'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from trash" -f -a "rm" -d 'Delete items in the trash permanently'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from trash" -f -a "empty" -d 'Delete everything in the trash permanently'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from keys" -f -a "ls" -d 'List your API keys'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from keys" -f -a "create" -d 'Create an API key and print it once'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from keys" -f -a "rm" -d 'Revoke an API key'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "users" -d 'List, create, change and delete users'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "files" -d 'List and delete files of all users'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "tiers" -d 'List, create, change and delete tiers, which limit what their users may store and transfer'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "requests" -d 'List, approve and refuse requests of users for another tier'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "stats" -d 'Show how much the server holds'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "settings" -d 'Show how the server is set up, without secrets'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "audit" -d 'List who did what, the newest first'
complete -c hulk -n "__fish_hulk_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "jobs" -d 'List work that the server does on its own, such as mails to send'
