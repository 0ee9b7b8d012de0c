package demo

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entente"
	"entente/node"
)

// The whole example, as make demo runs it: what it prints, and that every commitment stands where its scenario says, on both
// nodes alike.
func TestRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "example")
	last := 0
	r, err := Run(t.Context(), Options{Dir: dir, Progress: func(done, total int, what string) {
		if done != last+1 || done > total || what == "" {
			t.Errorf("progress %d of %d: %q", done, total, what)
		}
		last = done
	}})
	if err != nil {
		t.Fatal(err)
	}
	if !r.SameState || !r.Check["MX"] || !r.Check["US"] || !r.Evidence.Verified || r.Evidence.Grade != "settled" {
		t.Errorf("same state %v, check %v, evidence %+v", r.SameState, r.Check, r.Evidence)
	}
	if len(r.Groups) != 2 || r.Observations < 300 || r.InForce < 20 || r.Pending < 5 || r.Records["MX"] == 0 || r.Records["US"] == 0 {
		t.Errorf("too little of everything: %+v", r)
	}
	b, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(b, &keys); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"groups", "parties", "records", "instruments", "in_force", "pending", "observations", "same_state", "check", "evidence", "seconds"} {
		if keys[k] == nil {
			t.Errorf("the result names no %s", k)
		}
	}
	scenarios(t, dir, r)
	lostBoundary(t, filepath.Join(dir, FolderOf("MX")))
	if _, err := Run(t.Context(), Options{Dir: t.TempDir() + "/.."}); err == nil {
		t.Error("a folder that the example did not make was taken")
	}
}

func scenarios(t *testing.T, dir string, r *Result) {
	seen := map[Scenario]int{}
	for _, p := range r.Parties {
		n, err := node.Open(t.Context(), node.Options{Dir: filepath.Join(dir, FolderOf(p))})
		if err != nil {
			t.Fatal(err)
		}
		if len(n.Restoring()) != 0 {
			t.Errorf("%s asks its peers after a clean end", p)
		}
		for key, c := range r.commitments {
			d, err := n.Instrument(t.Context(), node.Caller{Operator: true}, c.group, c.id)
			if err != nil {
				t.Fatalf("%s: %v", key, err)
			}
			v := d.State.At(time.Now().Unix())
			ok := false
			switch c.scenario {
			case Settled, InForce: // receipts settle what is in force within a moment
				ok = v.Phase == entente.PhaseInForce && v.Settled && !v.Overdue
			case Overdue:
				ok = v.Overdue
			case Reported:
				ok = v.Done && !v.Verified && !v.Observations
			case Verified:
				ok = v.Done && v.Verified
			case Observations:
				ok = v.Observations
			case CounterProposal:
				ok = v.Phase == entente.PhaseProposed && v.Counter
			case WithdrawnInTime:
				ok = v.Phase == entente.PhaseWithdrawn
			case WithdrawnTooLate:
				ok = v.Phase == entente.PhaseInForce && v.Leaving
			case Proposed:
				ok = v.Phase == entente.PhaseProposed && d.State.Versions[0].Sides[0].Consent == nil && d.State.Versions[0].Sides[1].Consent == nil
			case ConsentedByOne:
				s := d.State.Versions[0].Sides
				ok = v.Phase == entente.PhaseProposed && (s[0].Consent == nil) != (s[1].Consent == nil)
			case Lapsed:
				ok = v.Phase == entente.PhaseLapsed
			case Amended:
				ok = v.Phase == entente.PhaseInForce && len(d.State.Versions) == 2 && d.State.Versions[0].Standing == "superseded"
			}
			if !ok {
				t.Errorf("%s on the node of %s should be %s and is %+v", key, p, c.scenario, v)
			}
			seen[c.scenario]++
		}
		backedUp(t, n, filepath.Join(dir, FolderOf(p), node.NodeKeyFile))
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, s := range Scenarios() {
		if seen[s] == 0 {
			t.Errorf("no commitment shows %s", s)
		}
	}
}

// A backup holds the boundary data by which actions were judged: what is put back can be rebuilt without looking for them.
func backedUp(t *testing.T, n *node.Node, nodeKeys string) {
	t.Helper()
	dir := t.TempDir()
	if _, err := n.Backup(t.Context(), func(name string, _ int64, r io.Reader) error {
		path := filepath.Join(dir, name)
		b, err := io.ReadAll(r)
		return errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, b, 0o600))
	}); err != nil {
		t.Fatal(err)
	}
	keys, err := node.ReadBackupKeys(nodeKeys)
	if err != nil {
		t.Fatal(err)
	}
	check := func() *node.Report {
		t.Helper()
		r, err := node.CheckFolder(t.Context(), dir, entente.Standard(), keys, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := check(); !r.OK {
		t.Errorf("what was saved does not hold: %v", r.Faults)
	}
	if len(n.Boundaries()) == 0 {
		return // make boundary was not run: the example is without actions, as it says
	}
	if err := os.RemoveAll(filepath.Join(dir, node.BoundaryFolder)); err != nil {
		t.Fatal(err)
	}
	if r := check(); r.OK || !strings.Contains(strings.Join(r.Faults, " "), "boundary data") {
		t.Errorf("actions were judged without boundary data, or it is not said: %v", r.Faults)
	}
}

// A boundary file that is lost after actions were judged by it: the node starts and shows what stands, its check says what is
// missing, and with the file put back everything holds without a restart.
func lostBoundary(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, node.BoundaryFolder, "*"))
	if err != nil || len(files) == 0 {
		return // make boundary was not run
	}
	file, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, node.BoundaryFolder)); err != nil {
		t.Fatal(err)
	}
	n, err := node.Open(t.Context(), node.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	for _, want := range []bool{false, true} {
		r, err := n.Check(t.Context(), nil)
		if err != nil || r.OK != want || !want && (len(r.Faults) != 1 || !strings.Contains(r.Faults[0], "put the file")) {
			t.Errorf("with the file %v: %+v, %v", want, r, err)
		}
		if !want {
			if _, err := n.AddBoundary(file); err != nil {
				t.Fatal(err)
			}
		}
	}
}
