package world_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entente/node"
	"entente/record"
	"entente/store"
	"entente/world"
)

// rawDB opens a second connection to a node's database, as somebody with the disk would.
func rawDB(t *testing.T, p *world.Party) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(p.Dir, store.File)+"?_pragma=busy_timeout(5000)")
	ok(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// history makes a group with agreements, withdrawals, knowledge that is waited for, and more proposals.
func history(t *testing.T, more int) *world.World {
	t.Helper()
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx, us := w.As("MX"), w.As("US")
	flood(t, mx, more)
	texts := commits(t, mx, 4)
	goal, err := mx.Act(ctx, node.Act{Kind: "objective", Verb: record.Propose, Line: "fuel", Terms: []byte(`{"level":"outcome"}`), Parts: world.Texts(canary)})
	ok(t, err)
	_, err = mx.Act(ctx, node.Act{Kind: "commitment", Verb: record.Propose, Line: "fuel", Parts: world.Texts(canary),
		Terms: fmt.Appendf(nil, `{"owner":"US","due":%d,"objective":%q}`, w.Now()+world.Day, goal.ID)})
	ok(t, err)
	settle(t, w, "MX", "US")
	for i, s := range texts {
		_, err := us.Consent(ctx, "commitment", s.ID)
		ok(t, err)
		if i > 0 {
			_, err = mx.Consent(ctx, "commitment", s.ID)
			ok(t, err)
		}
		if i > 1 {
			_, err = us.Withdraw(ctx, "commitment", s.ID)
			ok(t, err)
		}
	}
	settle(t, w, "MX", "US")
	w.Cut("MX", "US")
	commits(t, us, 1)
	_, err = us.Withdraw(ctx, "commitment", texts[1].ID) // waits for knowledge
	ok(t, err)
	return w
}

// rebuilt are the tables that a check reads.
var rebuilt = []string{"state", "attention", "ref", "seen", "wait", "entry", "tile", "log", "part", "outbox"}

type tampering struct{ say, do string }

// tamper makes each change by itself, wants a fault that names it, and takes the change back.
func tamper(t *testing.T, us *world.Party, db *sql.DB, changes map[string]tampering) (found int) {
	t.Helper()
	for name, x := range changes {
		t.Run(name, func(t *testing.T) {
			x.do = strings.ReplaceAll(x.do, "WHERE rowid_of = 0", "WHERE size = (SELECT max(size) FROM seen)")
			x.do = strings.ReplaceAll(x.do, "61 78", "6178")
			conn, err := db.Conn(t.Context())
			ok(t, err)
			defer conn.Close()
			for _, table := range rebuilt {
				_, err = conn.ExecContext(t.Context(), "CREATE TEMP TABLE copy_"+table+" AS SELECT * FROM main."+table)
				ok(t, err)
			}
			res, err := conn.ExecContext(t.Context(), x.do)
			ok(t, err)
			if n, _ := res.RowsAffected(); n == 0 {
				t.Fatal("nothing was changed")
			}
			r, err := us.Node.Check(t.Context(), nil)
			for _, table := range rebuilt {
				for _, q := range []string{"DELETE FROM main." + table, "INSERT INTO main." + table + " SELECT * FROM copy_" + table, "DROP TABLE copy_" + table} {
					_, err := conn.ExecContext(t.Context(), q)
					ok(t, err)
				}
			}
			ok(t, err)
			if r.OK {
				t.Fatal("the check does not find it")
			}
			said := strings.Join(r.Faults, "\n")
			watched.check("fault", said)
			if !strings.Contains(said, x.say) {
				t.Errorf("the faults do not name it (%s): %s", x.say, said)
			}
			found++
		})
	}
	return found
}

func TestCheckFindsChangedTiles(t *testing.T) {
	wide(t)
	w := history(t, 260)
	us := w.As("US")
	counted(t, "tamperings found", tamper(t, us, rawDB(t, us), map[string]tampering{
		"tile":         {"tile", "UPDATE tile SET data = (SELECT zeroblob(8192)) WHERE level = 0 AND n = 0"},
		"tile missing": {"tile", "DELETE FROM tile WHERE level = 0 AND n = 0"},
	}))
	checked(t, us)
}

// Whatever is changed in any table, the check finds and names.
func TestCheckFindsTampering(t *testing.T) {
	wide(t)
	w := history(t, 3)
	us := w.As("US")
	checked(t, us)
	db := rawDB(t, us)
	found := tamper(t, us, db, map[string]tampering{
		"state body":          {"state", "UPDATE state SET body = (SELECT body FROM state s WHERE s.pos <> state.pos AND s.kind = state.kind LIMIT 1) WHERE pos = (SELECT max(pos) FROM state WHERE kind = 'commitment')"},
		"state missing":       {"state", "DELETE FROM state WHERE pos = (SELECT max(pos) FROM state)"},
		"state invented":      {"state", "INSERT INTO state SELECT pos + 100000, grp, kind, line, owner, phase, until, ends, done, due, overdue, opened, last, body FROM state WHERE pos = (SELECT max(pos) FROM state)"},
		"state owner":         {"state", "UPDATE state SET owner = 'XX' WHERE pos = (SELECT max(pos) FROM state)"},
		"state due":           {"state", "UPDATE state SET due = due + 1 WHERE pos = (SELECT max(pos) FROM state)"},
		"state phase":         {"state", "UPDATE state SET phase = 'recorded' WHERE pos = (SELECT max(pos) FROM state)"},
		"state overdue":       {"state", "UPDATE state SET overdue = 9223372036854775807 WHERE overdue = (SELECT min(overdue) FROM state)"},
		"state done":          {"state", "UPDATE state SET done = 2 WHERE pos = (SELECT max(pos) FROM state)"},
		"attention hidden":    {"attention", "DELETE FROM attention WHERE pos = (SELECT max(pos) FROM attention WHERE reason = 'sign')"},
		"attention later":     {"attention", "UPDATE attention SET from_ = from_ + 1 WHERE reason = 'overdue'"},
		"attention elsewhere": {"attention", "UPDATE attention SET party = 'MX' WHERE party = 'US' AND reason = 'sign'"},
		"attention about":     {"attention", "UPDATE attention SET about = zeroblob(32) WHERE pos = (SELECT max(pos) FROM attention)"},
		"attention invented":  {"attention", "INSERT INTO attention SELECT pos, n + 50, grp, party, 'overdue', about, 0, until_, by_, kind, line FROM attention WHERE pos = (SELECT max(pos) FROM attention) AND n = 0"},
		"ref moved":           {"ref", "UPDATE ref SET target = zeroblob(32)"},
		"ref hidden":          {"ref", "DELETE FROM ref"},
		"ref invented":        {"ref", "INSERT INTO ref SELECT pos, 'meeting', zeroblob(32), grp, opened, 1 FROM state WHERE pos = (SELECT max(pos) FROM state)"},
		"ref renamed":         {"ref", "UPDATE ref SET name = 'decision'"},
		"seen time":           {"seen", "UPDATE seen SET time = time + 1 WHERE rowid_of = 0"},
		"seen missing":        {"seen", "DELETE FROM seen WHERE size = (SELECT max(size) FROM seen)"},
		"wait missing":        {"wait", "DELETE FROM wait"},
		"wait invented":       {"wait", "INSERT INTO wait SELECT knower, author, idx + 1000, pos FROM wait LIMIT 1"},
		"reasons":             {"reasons", "UPDATE entry SET reasons = x'81a2016473656c660261 78' WHERE pos = (SELECT max(pos) FROM entry WHERE reasons IS NOT NULL AND kind = 'commitment')"},
		"reasons forgotten":   {"count", "UPDATE entry SET reasons = NULL WHERE pos = (SELECT max(pos) FROM entry WHERE reasons IS NOT NULL AND kind = 'commitment')"},
		"raw record":          {"record", "UPDATE entry SET raw = substr(raw, 1, length(raw) - 1) || x'ff' WHERE pos = (SELECT max(pos) FROM entry WHERE kind = 'commitment')"},
		"raw record swapped":  {"log of", "UPDATE entry SET raw = (SELECT raw FROM entry e WHERE e.pos = entry.pos - 1) WHERE pos = (SELECT max(pos) FROM entry WHERE kind = 'commitment')"},
		"raw record garbage":  {"log of", "UPDATE entry SET raw = x'00' WHERE pos = (SELECT max(pos) FROM entry WHERE kind = 'commitment')"},
		"record missing":      {"missing", "DELETE FROM entry WHERE pos = (SELECT max(pos) FROM entry WHERE kind = 'commitment')"},
		"index of ids":        {"entry", "UPDATE entry SET id8 = id8 + 1 WHERE pos = (SELECT max(pos) FROM entry WHERE kind = 'commitment')"},
		"index of instr.":     {"entry", "UPDATE entry SET instrument8 = 5 WHERE pos = (SELECT max(pos) FROM entry WHERE kind = 'commitment')"},
		"index of nonces":     {"entry", "UPDATE entry SET nonce8 = 5 WHERE pos = (SELECT max(pos) FROM entry WHERE kind = 'commitment')"},
		"kind":                {"entry", "UPDATE entry SET kind = 'receipt' WHERE pos = (SELECT max(pos) FROM entry WHERE kind = 'commitment')"},
		"checkpoint":          {"checkpoint", "UPDATE log SET checkpoint = (SELECT checkpoint FROM log l WHERE l.id <> log.id AND length(l.checkpoint) > 0 LIMIT 1) WHERE size > 10"},
		"counted":             {"count", "UPDATE log SET counted = counted - 1 WHERE size > 10"},
		"part body":           {"part", "UPDATE part SET body = zeroblob(length(body)) WHERE pos = (SELECT max(pos) FROM part) AND name = 'body.en'"},
		"part swapped":        {"part", "UPDATE part SET body = (SELECT body FROM part p WHERE p.pos = part.pos AND p.name = 'body.es'), slot = (SELECT slot FROM part p WHERE p.pos = part.pos AND p.name = 'body.es') WHERE pos = (SELECT max(pos) FROM part) AND name = 'body.en'"},
		"part of none":        {"part", "INSERT INTO part SELECT pos, 'annex/z', slot, body FROM part WHERE pos = (SELECT max(pos) FROM part) AND name = 'body.en'"},
		"cosignature":         {"cosign", "UPDATE outbox SET note = replace(CAST(note AS TEXT), 'mirror', 'mirr0r') WHERE length(note) > 0"},
	})
	t.Run("key slot", func(t *testing.T) {
		path := filepath.Join(us.Dir, store.KeyFile)
		var slot int64
		ok(t, db.QueryRow("SELECT max(slot) FROM part").Scan(&slot))
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		ok(t, err)
		defer f.Close()
		old := make([]byte, 64)
		_, err = f.ReadAt(old, slot*64)
		ok(t, err)
		bad := append([]byte(nil), old...)
		bad[20] ^= 1
		_, err = f.WriteAt(bad, slot*64)
		ok(t, err)
		r, err := us.Node.Check(t.Context(), nil)
		ok(t, err)
		if r.OK || !strings.Contains(strings.Join(r.Faults, "\n"), "key") {
			t.Errorf("the check does not find it: %v", r.Faults)
		}
		_, err = f.WriteAt(old, slot*64)
		ok(t, err)
		found++
	})
	counted(t, "tamperings found", found)
	checked(t, us)
	w.Mend("MX", "US")
	settle(t, w, "MX", "US")
	checked(t, us)
	checked(t, w.As("MX"))
	_ = record.Format
}
