package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"entente"
	"entente/api"
	"entente/record"
	"entente/record/authenticator"
)

// drill is a kind that exists in these tests only: it passes through node, API and command line without another edit.
var drill = &entente.Kind{Name: "drill",
	Verbs: map[record.Verb]entente.Rule{
		record.Propose: {Opens: true, Approved: true, Terms: func() any { return new(drillTerms) }, Parts: []string{"title.*", "annex/*", record.RowsPart}, Needs: []string{"title.*"}},
		record.Consent: {Approved: true}, record.Withdraw: {Approved: true},
	},
	Fold: func(s *entente.State, _ []entente.Judged) { s.Owner = s.Author },
}

type drillTerms struct {
	Siren string           `cbor:"1,keyasint" json:"siren"`
	At    int64            `cbor:"2,keyasint,omitzero" json:"at,omitzero"`
	After record.ID        `cbor:"3,keyasint,omitzero" json:"after,omitzero"`
	Plan  *drillPlan       `cbor:"4,keyasint,omitempty" json:"plan,omitempty"`
	Crews map[string]int64 `cbor:"5,keyasint,omitempty" json:"crews,omitempty"`
}

type drillPlan struct {
	Zones []string `cbor:"1,keyasint" json:"zones"`
}

func kinds() entente.Kinds {
	k := entente.Standard()
	k.Add(drill)
	return k
}

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"entente":  func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, kinds())) },
		"device":   func() { os.Exit(device(os.Args[1:])) },
		"get":      func() { os.Exit(get(os.Args[1:])) },
		"forge":    func() { os.Exit(forge(os.Args[1], os.Args[2])) },
		"makecert": func() { os.Exit(makeCert(os.Args[1])) },
	})
}

// device key prints the public key of an official's authenticator; device sign PARTY ACT OFFICE SEAT has it sign an act, as the
// browser would.
func device(args []string) int {
	d := authenticator.New("official", "entente.example.org")
	if args[0] == "key" {
		fmt.Println(entente.Key{Alg: record.WebAuthn, Public: d.Public()})
		return 0
	}
	act, err := record.ParseID(args[2])
	seat, err2 := strconv.ParseUint(args[4], 10, 16)
	if err != nil || err2 != nil {
		fmt.Fprintln(os.Stderr, err, err2)
		return 1
	}
	a := record.Approval{Office: args[3], Seat: seat, Alg: record.WebAuthn, Time: time.Now().Unix()}
	data, client, sig := d.Sign(record.Challenge(act, record.Party(args[1]), a.Office, a.Seat, a.Time))
	a.Evidence, a.Signature = [][]byte{data, client}, sig
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		return 1
	}
	return 0
}

const patience = 30 * time.Second

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("ENTENTE_PASSPHRASE", "correct horse battery")
			e.Setenv("COLUMNS", "120")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"freeport": freeport, "ready": ready, "field": field, "until": until, "mode": mode, "occupy": occupy, "flip": flip,
		},
	})
}

// freeport NAME... sets variables to loopback addresses that are free now.
func freeport(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		ts.Setenv(name, l.Addr().String())
		ts.Check(l.Close())
	}
}

// occupy NAME sets a variable to an address that is taken until the script ends.
func occupy(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], l.Addr().String())
	ts.Defer(func() { _ = l.Close() })
}

// ready DIR waits until a node answers on the socket of its folder.
func ready(ts *testscript.TestScript, _ bool, args []string) {
	deadline, tick := time.After(patience), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		if c, err := net.Dial("unix", filepath.Join(ts.MkAbs(args[0]), api.SocketFile)); err == nil {
			_ = c.Close()
			return
		}
		select {
		case <-deadline:
			ts.Fatalf("no node answers in %s", args[0])
		case <-tick.C:
		}
	}
}

// until PATTERN entente ARGS... runs the command until its output matches.
func until(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(args[0])
	deadline, tick := time.After(patience), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for {
		err := ts.Exec(args[1], args[2:]...)
		out := ts.ReadFile("stdout")
		if err == nil && want.MatchString(out) {
			return
		}
		select {
		case <-deadline:
			ts.Fatalf("%v: never matched %s: %v\n%s%s", args[1:], args[0], err, out, ts.ReadFile("stderr"))
		case <-tick.C:
		}
	}
}

// field NAME FILE PATH [LENGTH] sets a variable to a value in a file of JSON, cut to so many characters.
func field(ts *testscript.TestScript, _ bool, args []string) {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &v))
	for _, step := range strings.Split(args[2], ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			i, err := strconv.Atoi(step)
			ts.Check(err)
			v = x[i]
		}
	}
	s := fmt.Sprint(v)
	if v == nil || s == "" {
		ts.Fatalf("no %s in %s", args[2], args[1])
	}
	if len(args) > 3 {
		n, err := strconv.Atoi(args[3])
		ts.Check(err)
		s = s[:n]
	}
	ts.Setenv(args[0], s)
}

// mode FILE PERM checks the permission bits of a file.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	fi, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", fi.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}

// flip FILE OFFSET changes one byte; a negative offset counts from the end.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	b, err := os.ReadFile(path)
	ts.Check(err)
	i, err := strconv.Atoi(args[1])
	ts.Check(err)
	if i < 0 {
		i += len(b)
	}
	b[i] ^= 1
	ts.Check(os.WriteFile(path, b, 0o600))
}
