package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"entente"
)

// The exit codes.
const (
	exitOK      = 0
	exitRefused = 1 // the command was understood and could not be done, or what was checked does not hold
	exitUsage   = 2
)

// cli is every command. A command's fields are its flags; its Run does it.
type cli struct {
	Dir       string `help:"The node's folder." default:"./entente-node" env:"ENTENTE_DIR" placeholder:"DIR" type:"path"`
	As        string `help:"Office to act as: its token is DIR/tokens/OFFICE. Without it: the only token there, else the operator." placeholder:"OFFICE"`
	TokenFile string `help:"File with an office's token." placeholder:"FILE" type:"path"`
	NodeKeys  string `help:"File of the node's own keys; default: DIR/node.keys." env:"ENTENTE_NODE_KEYS" placeholder:"FILE" type:"path"`
	JSON      bool   `help:"Answer as one JSON object or list on stdout; errors as one JSON object on stderr."`
	Progress  bool   `help:"Show progress on stderr even where it is no terminal."`

	Init         initCmd     `cmd:"" group:"setup" help:"Make a node: its folder, its keys, its first office."`
	Serve        serveCmd    `cmd:"" group:"setup" help:"Run the node: exchange with peers, and the API."`
	Seat         seatCmd     `cmd:"" group:"setup" help:"Keys of officials."`
	Powers       powersCmd   `cmd:"" group:"setup" help:"Who may sign for the party in a group."`
	Link         linkCmd     `cmd:"" group:"setup" help:"A one-time link by which an office signs in to the pages."`
	Signin       signinCmd   `cmd:"" group:"setup" help:"By what officials sign in to the pages, and ending it."`
	Account      accountCmd  `cmd:"" group:"setup" help:"Accounts of the identity provider and their place in the party."`
	Token        tokenCmd    `cmd:"" group:"setup" help:"Tokens by which offices use the API."`
	Introduction introCmd    `cmd:"" group:"setup" help:"Print or save what another party needs to know of this one."`
	Rotate       rotateCmd   `cmd:"" group:"setup" help:"Replace keys: the node's, an official's, the root."`
	Lock         lockCmd     `cmd:"" group:"setup" help:"Lock the node's own keys by the environment, or by a program in front of a KMS or an HSM."`
	Sheet        sheetCmd    `cmd:"" group:"setup" help:"Print the recovery sheet, for paper."`
	Move         moveCmd     `cmd:"" group:"setup" help:"Tell the peers another address of this node."`
	Peer         peerCmd     `cmd:"" group:"setup" help:"Other parties."`
	Peers        peersCmd    `cmd:"" group:"setup" help:"What each peer does not hold yet, and when it last answered."`
	Group        groupCmd    `cmd:"" group:"setup" help:"Found and look at groups."`
	Groups       groupsCmd   `cmd:"" group:"setup" help:"List the groups of this node."`
	Propose      proposeCmd  `cmd:"" group:"acts" help:"Propose a text: a new instrument, another text for one, or a new version."`
	Consent      consentCmd  `cmd:"" group:"acts" help:"Consent to exactly that version."`
	Withdraw     withdraw    `cmd:"" group:"acts" help:"Withdraw a consent, or give notice on what is in force."`
	Recall       recallCmd   `cmd:"" group:"acts" help:"Ask the others for their copies back."`
	Erase        eraseCmd    `cmd:"" group:"acts" help:"Have content destroyed everywhere; the record remains."`
	Release      releaseCmd  `cmd:"" group:"acts" help:"Let an agreed text be published."`
	Report       reportCmd   `cmd:"" group:"acts" help:"Report on an instrument, or open a report of its own."`
	Figures      figuresCmd  `cmd:"" group:"acts" help:"Report figures from agencies' files; how these are read."`
	Reply        replyCmd    `cmd:"" group:"acts" help:"Answer a record: acknowledge, contest, object, answer; agree ad referendum."`
	Note         noteCmd     `cmd:"" group:"acts" help:"Add a note to an instrument."`
	Nonpaper     paperCmd    `cmd:"" group:"before" help:"Texts shown to the other side without standing."`
	Clearance    clearCmd    `cmd:"" group:"before" help:"Clearance by own offices before the other side sees a text."`
	Announce     announceCmd `cmd:"" group:"before" help:"Does a text give away what may not be published? The watch list."`
	Press        pressCmd    `cmd:"" group:"before" help:"Lines to take, answers for the press, and sentences that both sides have signed."`
	Drafts       draftsCmd   `cmd:"" group:"acts" help:"Acts that wait for signatures."`
	Sign         signCmd     `cmd:"" group:"acts" help:"Sign a draft with an official's seat."`
	Drop         dropCmd     `cmd:"" group:"acts" help:"Drop a draft and destroy its content."`
	List         listCmd     `cmd:"" group:"look" help:"List instruments."`
	Show         showCmd     `cmd:"" group:"look" help:"Where an instrument stands, in plain words."`
	Read         readCmd     `cmd:"" group:"look" help:"Read a part. The read stands in the access log."`
	Claim        claimCmd    `cmd:"" group:"look" help:"Public claims, kept at home and held against the series."`
	Contacts     contactsCmd `cmd:"" group:"look" help:"A month of contacts with the other side's agents, as a bundle with proofs."`
	Explain      progressCmd `cmd:"" name:"progress" group:"look" help:"What the figures on an indicator say, by the published rule, with everything it was computed from."`
	Territory    whereCmd    `cmd:"" group:"look" help:"In whose territory an area lies, and who must agree to an action there."`
	Boundaries   boundsCmd   `cmd:"" group:"setup" help:"Boundary data that charters name by digest."`
	Access       accessCmd   `cmd:"" group:"look" help:"Who was shown what, and what is unusual about it, for auditors."`
	Log          logCmd      `cmd:"" group:"look" help:"The access log; export of a transparency log."`
	Alarms       alarmsCmd   `cmd:"" group:"look" help:"What people must look at."`
	Status       statusCmd   `cmd:"" group:"proof" help:"Whether the node can do all of its work, and why not."`
	Check        checkCmd    `cmd:"" group:"proof" help:"Rebuild everything from the logs and compare, verify every signature and digest."`
	Export       exportCmd   `cmd:"" group:"proof" help:"Write an evidence file that anybody can verify offline."`
	Verify       verifyCmd   `cmd:"" group:"proof" help:"Verify an evidence file: no node, no database, no network."`
	Fork         forkCmd     `cmd:"" group:"proof" help:"Proofs that a party signed two histories."`
	Backup       backupCmd   `cmd:"" group:"proof" help:"Save the node while it serves; verify a backup."`
	Restore      restoreCmd  `cmd:"" group:"proof" help:"Put a backup back; then who has not answered, going on without them, orphans."`
	Demo         demoCmd     `cmd:"" group:"setup" help:"Two governments' nodes run an implementation group from charter to evidence."`
	Version      versionCmd  `cmd:"" group:"setup" help:"Print the version."`
}

const about = `The shared workspace of an implementation group between sovereign parties. Each party runs its own node with its own
transparency log; nothing binds a party until its officials signed that exact text.

Ids may be shortened to a prefix of at least 6 digits. --group may be left out when there is one joint group, and may be given by
its track (security). Dates are YYYY-MM-DD or RFC 3339. Every command has --help with examples.`

// app is what a command runs with.
type app struct {
	ctx    context.Context
	in     io.Reader
	out    io.Writer
	err    io.Writer
	kinds  entente.Kinds
	flags  *cli
	secret map[string]string // passphrases read once
}

// exited carries kong's wish to end (help was printed) out of the parser.
type exited int

// Main runs one command and returns its exit code. kinds are those the node knows.
func Main(args []string, in io.Reader, out, errOut io.Writer, kinds entente.Kinds) (code int) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process as signals do
	a := &app{ctx: ctx, in: in, out: out, err: errOut, kinds: kinds, flags: new(cli), secret: map[string]string{}}
	defer func() {
		if v := recover(); v != nil {
			x, ok := v.(exited)
			if !ok {
				panic(v)
			}
			code = int(x)
		}
	}()
	k, err := kong.New(a.flags, kong.Name("entente"), kong.Description(about), kong.Writers(out, errOut), kong.Exit(func(c int) { panic(exited(c)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 120}),
		kong.ExplicitGroups([]kong.Group{{Key: "setup", Title: "Setting up:"}, {Key: "before", Title: "Before an act, signed by nobody:"}, {Key: "acts", Title: "Acts, each signed by officials:"}, {Key: "look", Title: "Looking:"}, {Key: "proof", Title: "Proof and care:"}}))
	if err != nil {
		panic(err) // the grammar is wrong, not the user
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	cmd, err := k.Parse(signed(args))
	if err != nil {
		for _, x := range args {
			a.flags.JSON = a.flags.JSON || x == "--json"
		}
		return a.fail(usage("%w", err))
	}
	if err := cmd.Run(a); err != nil {
		return a.fail(err)
	}
	return exitOK
}

// signed joins a flag with the negative number after it, which would be taken for a flag: --lon -116.97.
func signed(args []string) []string {
	var out []string
	for i, x := range args {
		if n := len(out); i > 0 && len(x) > 1 && x[0] == '-' && (x[1] >= '0' && x[1] <= '9' || x[1] == '.') && strings.HasPrefix(args[i-1], "--") && args[i-1] != "--" && !strings.Contains(args[i-1], "=") {
			out[n-1] += "=" + x
			continue
		}
		out = append(out, x)
	}
	return out
}

// print answers: v as JSON, or text for people.
func (a *app) print(v any, text func(io.Writer)) error {
	if !a.flags.JSON {
		text(a.out)
		return nil
	}
	e := json.NewEncoder(a.out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// say tells people what is going on; programs are not told.
func (a *app) say(format string, args ...any) {
	if !a.flags.JSON {
		fmt.Fprintf(a.err, format+"\n", args...)
	}
}

// terminal returns the file of stdin where somebody sits at it.
func (a *app) terminal() *os.File {
	if f, ok := a.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

func (a *app) onTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// errSilent ends a command with exit code 1 after it has said everything.
var errSilent = errors.New("does not hold")
