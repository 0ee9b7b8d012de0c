// Package entente is the vocabulary of an implementation group: one file per kind of instrument, the judgement of each
// record by what it knows, and the fold, which alone computes state. It is pure and reads headers only.
package entente

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"entente/record"
)

// Rules is the number of the fold rules this package applies. A charter names the number it was signed under.
const Rules = 1

// Languages that every group may choose from; a charter lists those that are equally authentic.
var Languages = []string{"en", "es"}

// Kind is what parties agree, ask or report. A kind is a file of this package: nothing outside switches on its name.
type Kind struct {
	Name  string
	Verbs map[record.Verb]Rule
	// Required says which parties must consent, from charter and header alone (rule C2). Nil, or where it names none:
	// all parties of the group, or the participants where the charter says so.
	Required func(*Charter, *record.Header) []record.Party
	// Check adds the kind's own reasons against a record. It may read the case and nothing else. May be nil.
	Check func(*Case)
	// Fold writes the kind's own facts into the state, from the records with effect, in the order they count. May be nil.
	Fold func(*State, []Judged)
	// Clocks, where not nil, adds after Fold what the charter's periods say, by the charter that the opening record stands under.
	Clocks func(*State, *Charter)
	// OwnAlone kinds: a part is for its author's party alone where neither its author nor the party's default says otherwise.
	OwnAlone bool
	// Area, where not nil: proposals of the kind need an area, whose hosts are required too (rule C3). It returns the hosts that
	// the proposer names beside them.
	Area func(*record.Header) []record.Party
	// Unilateral kinds take one party's word: their proposals are no texts that wait for consent.
	Unilateral bool
	// Silent kinds have no state of their own: receipts and the access log.
	Silent bool
	// Home kinds stand in a party's group of one. The node writes them under the office and seat of whoever is signed in: no
	// office drafts them and no key of an official signs them.
	Home bool
}

// Rule says what one verb of a kind takes and needs.
type Rule struct {
	Opens    bool       // may open an instrument
	Only     bool       // with Opens: always opens one
	Approved bool       // has effect, and so needs the approvals that the party's powers demand
	Root     bool       // needs the approval of the party's root key instead
	Terms    func() any // pointer to the struct of the terms; nil: none
	Parts    []string   // names of parts; .* stands for a language of the charter, /* for a free name
	Needs    []string   // parts that must be there, same patterns: .* then means every language of the charter
}

// Kinds are the kinds a node knows, by name.
type Kinds map[string]*Kind

// Standard returns the kinds of this version.
func Standard() Kinds {
	k := Kinds{}
	k.Add(charterKind, powersKind, objectiveKind, commitmentKind, indicatorKind, observationKind, findingKind, meetingKind, decisionKind,
		statementKind, termKind, receiptKind, accessKind, clearanceKind, claimKind, claimNoteKind, pressKind, actionKind, contactKind, incidentKind)
	return k
}

// Add puts kinds in; a later one of the same name replaces the earlier. A kind with content takes what may be done with content.
func (k Kinds) Add(kinds ...*Kind) {
	for _, x := range kinds {
		k[x.Name] = x.withContentVerbs()
	}
}

// ErrUnknown: a kind or verb this node does not know.
var ErrUnknown = errors.New("unknown")

// Rule finds what a verb of a kind takes.
func (k Kinds) Rule(kind string, verb record.Verb) (*Kind, Rule, error) {
	x, ok := k[kind]
	if !ok {
		return nil, Rule{}, fmt.Errorf("kind %.70q is %w: want one of %s", kind, ErrUnknown, strings.Join(k.Names(), ", "))
	}
	r, ok := x.Verbs[verb]
	if !ok {
		return nil, Rule{}, fmt.Errorf("verb %.20q is %w for the kind %s: it takes %s", string(verb), ErrUnknown, kind, strings.Join(x.verbNames(), ", "))
	}
	return x, r, nil
}

// Names of the kinds, ascending.
func (k Kinds) Names() []string {
	var out []string
	for n := range k {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

func (x *Kind) verbNames() []string {
	var out []string
	for _, v := range record.Verbs {
		if _, ok := x.Verbs[v]; ok {
			out = append(out, string(v))
		}
	}
	return out
}

// EncodeTerms reads terms as JSON, by the names of the kind's struct, and writes them as they are signed. Unknown names are refused.
func (k Kinds) EncodeTerms(kind string, verb record.Verb, j []byte) (record.Terms, error) {
	_, rule, err := k.Rule(kind, verb)
	if err != nil {
		return nil, err
	}
	if len(j) == 0 || string(j) == "null" || string(j) == "{}" {
		return nil, nil
	}
	if rule.Terms == nil {
		return nil, fmt.Errorf("%s %s takes no terms", kind, verb)
	}
	v := rule.Terms()
	d := json.NewDecoder(bytes.NewReader(j))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return nil, fmt.Errorf("terms of %s %s: %w", kind, verb, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("terms of %s %s: something follows the object", kind, verb)
	}
	return encodeTerms(v)
}

func encodeTerms(v any) (record.Terms, error) {
	b, err := record.Marshal(v)
	if err != nil || len(b) == 1 { // an empty map is left out
		return nil, err
	}
	return b, nil
}

// DecodeTerms reads the terms of a header into the kind's struct, nil where it takes or has none.
func (k Kinds) DecodeTerms(h *record.Header) (any, error) {
	_, rule, err := k.Rule(h.Kind, h.Verb)
	if err != nil {
		return nil, err
	}
	if rule.Terms == nil {
		if len(h.Terms) > 0 {
			return nil, fmt.Errorf("%s %s takes no terms", h.Kind, h.Verb)
		}
		return nil, nil
	}
	v := rule.Terms()
	if len(h.Terms) == 0 {
		return v, nil
	}
	if err := record.Unmarshal(h.Terms, v); err != nil {
		return nil, fmt.Errorf("terms of %s %s: %w", h.Kind, h.Verb, err)
	}
	return v, nil
}

// matchPart reports whether a part's name fits a pattern of a rule.
func matchPart(pattern, name string, languages []string) bool {
	if base, ok := strings.CutSuffix(pattern, ".*"); ok {
		l, found := strings.CutPrefix(name, base+".")
		return found && slices.Contains(languages, l)
	}
	if base, ok := strings.CutSuffix(pattern, "/*"); ok {
		return strings.HasPrefix(name, base+"/") && len(name) > len(base)+1
	}
	return pattern == name
}

// missingParts lists the parts that a rule needs, or a text has in another language, and the header does not name.
func missingParts(rule Rule, h *record.Header, languages []string) []string {
	var out []string
	needs := rule.Needs
	if h.Verb == record.Propose { // a text that parties agree on stands in every language or in none
		for _, pat := range rule.Parts {
			if !slices.Contains(needs, pat) && slices.ContainsFunc(h.Parts, func(p record.PartRef) bool {
				return strings.HasSuffix(pat, ".*") && matchPart(pat, p.Name, languages)
			}) {
				needs = append(slices.Clone(needs), pat)
			}
		}
	}
	for _, n := range needs {
		names := []string{n}
		if base, ok := strings.CutSuffix(n, ".*"); ok {
			names = nil
			for _, l := range languages {
				names = append(names, base+"."+l)
			}
		}
		for _, name := range names {
			if _, ok := h.Part(name); !ok {
				out = append(out, name)
			}
		}
	}
	return out
}
