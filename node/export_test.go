//go:build !race

package node

import (
	"path/filepath"
	"slices"
	"testing"

	"entente/record"
)

// What the searcher over pages and API uses, which stands outside the package: those packages import this one. It is built into
// tests of this folder and into nothing else, so no program has it.

type (
	Hunted = hunted
	Filter = filter
)

func HuntIn(t *testing.T, seed uint64, off Filter, all ...record.Party) *Hunted {
	return hunt(t, seed, off, all...)
}

// FilterRow is a row of the table: with Before off nothing is found by Way, with Filter off too something is.
type FilterRow struct {
	Filter, Before Filter
	Way            string
}

func FilterRows() (out []FilterRow) {
	for _, r := range rows {
		out = append(out, FilterRow{r.filter, r.before, r.way})
	}
	return out
}

// MovingFilters are asked while the parts move, the others while they are read.
const MovingFilters = moving

func (h *hunted) Nodes() map[record.Party]*Node { return h.nodes }

func (h *hunted) Switched(off Filter) { h.switched(off) }

func (h *hunted) Visited(p record.Party) { h.visited(p) }

func (h *hunted) Look(way, reader, text string) { h.look(way, reader, text) }

func (h *hunted) Anew() { h.anew() }

// Clean fails where something was found that is not for its reader.
func (h *hunted) Clean() { h.clean() }

func (h *hunted) Judge() { h.judge() }

// Log is what the nodes have written to their log.
func (h *hunted) Log() string { return h.log.String() }

// Joint is the group of all parties.
func (h *hunted) Joint() record.ID { return h.group }

// IDs are those of everything that was written, of every party: records, drafts and non-papers, calendars, charters.
func (h *hunted) IDs() (records []record.ID, nonces []record.Nonce, feeds []string) {
	records = append(append(records, h.records...), h.charters...)
	for p := range h.nodes {
		records = append(records, h.clearances[p]...)
		nonces = append(append(nonces, h.drafts[p]...), h.papers[p]...)
		feeds = append(feeds, h.feeds[p])
	}
	return records, nonces, feeds
}

// Leaks counts what was found by a way where it may not be.
func (h *hunted) Leaks(way string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.leaks {
		if l.way == way {
			n++
		}
	}
	return n
}

// Words are the planted ones that stand in the clear in no file.
func (h *hunted) Words() (out []string) {
	for _, s := range h.secrets {
		if !slices.Contains(h.clear, s.word) {
			out = append(out, s.word)
		}
	}
	return out
}

// Clear is a word that stands in the access log as the name of a page.
func (h *hunted) Clear() string {
	for _, v := range h.pages {
		return v.page
	}
	return ""
}

// Dirs are the folders of the nodes.
func (h *hunted) Dirs() (out []string) {
	for p := range h.nodes {
		out = append(out, filepath.Join(h.dir, string(p)))
	}
	return out
}
