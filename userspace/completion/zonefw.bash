# SPDX-License-Identifier: GPL-2.0
# bash completion for zonefw: objects, verbs, keywords; zone and rule names of the policy in force.
# Without the module or the right to ask it, only words are offered. Names pass only when they are
# made of harmless characters: compgen -W expands what it is given.

# _zonefw_names zones|rules KEY: the values of KEY in the JSON of 'zonefw show'
_zonefw_names()
{
    zonefw ${_zonefw_ns:+-n "$_zonefw_ns"} -j show "$1" 2>/dev/null |
        sed -e 's/[{,]/\n/g' |
        sed -n -e "s/^[[:space:]]*\"$2\": *\"\{0,1\}\([A-Za-z0-9_.-]\{1,\}\)\"\{0,1\}[]}[:space:]*]*\$/\1/p" |
        sed -e '/^null$/d'
}

_zonefw_zones()
{
    _zonefw_names zones name
    echo self any
}

_zonefw_rules()
{
    _zonefw_names rules id
    _zonefw_names rules name
}

_zonefw_devices()
{
    local d
    for d in /sys/class/net/*; do
        d=${d##*/}
        [[ $d == *[!A-Za-z0-9_.:@-]* ]] || echo "$d"
    done
}

_zonefw_words()
{
    mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}

_zonefw_files()
{
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

# the words of a rule, after from F to T and its place; or, with a second argument, of a match alone
_zonefw_rule_body()
{
    local actions="accept drop reject queue continue publish redirect snat"
    local matches="tcp udp sctp icmp icmpv6 proto sport dport src dst type in out mac mark dscp ipv4 ipv6 time days"
    local options="log limit conns helper add expires name comment"
    local services="http https smtp imap ssh dns ntp dhcp ping"

    [[ -z $2 ]] || actions="" options=""
    case $prev in
    in | out) _zonefw_words "$(_zonefw_devices)" ;;
    with) _zonefw_words tcp-reset port-unreachable host-unreachable net-unreachable admin-prohibited ;;
    reject) _zonefw_words "with $matches $options $services" ;;
    type) _zonefw_words echo-request echo-reply destination-unreachable time-exceeded parameter-problem ;;
    proto) _zonefw_words tcp udp sctp icmp icmpv6 gre esp ah ;;
    days) _zonefw_words mon tue wed thu fri sat sun mon-fri ;;
    per | add) _zonefw_words src dst ;;
    src | dst | sport | dport | mac | mark | dscp | time | limit | conns | helper | expires | name | \
        comment | queue | burst | timeout) COMPREPLY=() ;;
    *) _zonefw_words "$1 $actions $matches $options $services" ;;
    esac
}

_zonefw_zone()
{
    case $verb:$nargs in
    :*) _zonefw_words add set del show ;;
    set:0 | del:0) _zonefw_words "$(_zonefw_names zones name)" ;;
    add:0 | del:* | show:*) COMPREPLY=() ;;
    *)
        case $prev in
        dev) _zonefw_words "$(_zonefw_devices)" ;;
        group | net) COMPREPLY=() ;;
        in) _zonefw_words "$(_zonefw_names zones name)" ;;
        *) _zonefw_words dev group net antispoof no-antispoof in ;;
        esac
        ;;
    esac
}

_zonefw_policy()
{
    case $verb:$nargs in
    :*) _zonefw_words set del show ;;
    show:*) COMPREPLY=() ;;
    *:0) _zonefw_words from ;;
    *:2) _zonefw_words to ;;
    *:1 | *:3) _zonefw_words "$(_zonefw_zones)" ;;
    set:*)
        _zonefw_words accept drop reject log masquerade offload clamp-mss \
            no-log no-masquerade no-offload no-clamp-mss
        ;;
    esac
}

_zonefw_rule()
{
    case $verb:$nargs in
    :*) _zonefw_words add replace del move show ;;
    del:* | move:0 | replace:0) _zonefw_words "$(_zonefw_rules)" ;;
    replace:*) _zonefw_rule_body ;;
    move:1) _zonefw_words first last before after ;;
    move:2) [[ $prev == before || $prev == after ]] && _zonefw_words "$(_zonefw_rules)" ;;
    move:*) COMPREPLY=() ;;
    show:0) _zonefw_words from to ;;
    show:2) _zonefw_words to ;;
    add:0) _zonefw_words from ;;
    add:2) _zonefw_words to ;;
    show:1 | show:3 | add:1 | add:3) _zonefw_words "$(_zonefw_zones)" ;;
    add:4) _zonefw_rule_body "first last before after" ;;
    add:5)
        if [[ $prev == before || $prev == after ]]; then
            _zonefw_words "$(_zonefw_rules)"
        else
            _zonefw_rule_body
        fi
        ;;
    add:*) _zonefw_rule_body ;;
    esac
}

_zonefw_set()
{
    case $verb:$nargs in
    :*) _zonefw_words create destroy add del test flush show ;;
    create:0) COMPREPLY=() ;;
    *:0) _zonefw_words "$(_zonefw_names sets name)" ;;
    create:*) _zonefw_words addr port timeout max ;;
    add:2) _zonefw_words timeout ;;
    *) COMPREPLY=() ;;
    esac
}

_zonefw_flow()
{
    case $verb:$prev in
    :*) _zonefw_words show kill ;;
    *:from | *:to) _zonefw_words "$(_zonefw_zones)" ;;
    *:rule) _zonefw_words "$(_zonefw_rules) default" ;;
    *) _zonefw_rule_body "from to rule" match ;;
    esac
}

_zonefw_explain()
{
    case $prev in
    in | out) _zonefw_words "$(_zonefw_devices)" ;;
    from | to) _zonefw_words "$(_zonefw_zones)" ;;
    --expect) _zonefw_words accept drop reject ;;
    --file) _zonefw_files ;;
    src | dst | sport | dport) COMPREPLY=() ;;
    type) _zonefw_words echo-request echo-reply destination-unreachable time-exceeded ;;
    *)
        _zonefw_words in from out to tcp udp sctp icmp icmpv6 proto src sport dst dport type \
            --expect --file
        ;;
    esac
}

_zonefw_object()
{
    case $object in
    zone | policy | rule | set | flow) "_zonefw_$object" ;;
    explain) _zonefw_explain ;;
    show) [[ $verb ]] || _zonefw_words matrix zones rules sets nat flows drops stats options ;;
    stats) [[ $verb ]] || _zonefw_words reset ;;
    panic) [[ $verb ]] || _zonefw_words on off ;;
    monitor)
        if [[ -z $verb ]]; then
            _zonefw_words events drops trace
        elif [[ $verb == trace ]]; then
            _zonefw_flow
        fi
        ;;
    apply)
        case $prev:$cur in
        --confirm:*) COMPREPLY=() ;;
        *:-*) _zonefw_words -n --confirm --force - ;;
        *) _zonefw_files ;;
        esac
        ;;
    check) _zonefw_files ;;
    export) _zonefw_words --force ;;
    diff)
        case $cur in
        -*) _zonefw_words --flows ;;
        *) _zonefw_files ;;
        esac
        ;;
    help) [[ $verb ]] || _zonefw_words "$objects" ;;
    esac
}

_zonefw()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    local objects="apply confirm rollback check diff export show explain monitor zone policy rule set flow stats flush panic help"
    local object="" verb="" _zonefw_ns="" i nargs

    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        =) i=$((i + 1)) ;;      # of --color=WHEN, which is three words here
        -n)
            i=$((i + 1))
            _zonefw_ns=${COMP_WORDS[i]}
            ;;
        -*) ;;
        *)
            object=${COMP_WORDS[i]}
            break
            ;;
        esac
    done
    if [[ -z $object ]]; then
        if [[ $prev == -n ]]; then
            _zonefw_words "$(ip netns list 2>/dev/null | sed -n 's/^\([A-Za-z0-9_.-]\{1,\}\).*/\1/p')"
        elif [[ $cur == = && $prev == --color ]]; then
            mapfile -t COMPREPLY < <(compgen -W "always auto never")
        elif [[ $prev == = ]]; then
            _zonefw_words always auto never
        elif [[ $cur == -* ]]; then
            _zonefw_words -j -p -s -q -n --color --version --help
        else
            _zonefw_words "$objects"
        fi
        return
    fi
    if [[ $object == help ]] && ((i + 1 < COMP_CWORD)); then
        case $((COMP_CWORD - i)):${COMP_WORDS[i+1]} in
        2:zone | 2:policy | 2:rule | 2:set | 2:flow) i=$((i + 1)) object=${COMP_WORDS[i]} ;;
        *) return ;;
        esac
    fi
    if ((i + 1 < COMP_CWORD)); then
        verb=${COMP_WORDS[i+1]}
    fi
    nargs=$((COMP_CWORD - i - 2))   # finished words behind the verb
    _zonefw_object
}

complete -F _zonefw zonefw
