//go:build !race

package node_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"entente"
	"entente/node"
	"entente/record"
	"entente/store"
)

// traces are the forms in which a word or a figure could stand in a file: as it is, as hex, as base64 wherever it begins, as UTF-16; a figure
// also as SQLite and programs write numbers.
func traces(word string) map[string][]byte {
	b := []byte(word)
	out := map[string][]byte{"text": b, "hex": []byte(hex.EncodeToString(b))}
	for at := range 3 {
		x := base64.StdEncoding.EncodeToString(append(make([]byte, at), b...))
		out[fmt.Sprintf("base64 at %d", at)] = []byte(x[4*((at+2)/3) : len(x)-4])
	}
	wide := make([]byte, 0, 2*len(b))
	for _, c := range b {
		wide = append(wide, c, 0)
	}
	out["UTF-16"] = wide
	if f, err := strconv.ParseFloat(word, 64); err == nil {
		out["float"] = binary.BigEndian.AppendUint64(nil, math.Float64bits(f))
		out["float, little end first"] = binary.LittleEndian.AppendUint64(nil, math.Float64bits(f))
		n, err := strconv.ParseUint(strings.ReplaceAll(word, ".", ""), 10, 64)
		if err != nil || n < 1<<40 {
			panic("a figure that other numbers could look like")
		}
		whole := binary.BigEndian.AppendUint64(nil, n)
		out["whole number"] = bytes.TrimLeft(whole, "\x00")
		slices.Reverse(whole)
		out["whole number, little end first"] = bytes.TrimRight(whole, "\x00")
		out["varint"] = binary.AppendUvarint(nil, n)
		out["digits"] = []byte(strconv.FormatUint(n, 10))
	}
	return out
}

// searched are the pages that compute and search.
var searched = regexp.MustCompile(`/(indicators|multiples|progress|agreed-language|claims|statements|minister)`)

// A thief who has every file of a node's folder but its keys, and the archive of a backup, finds no text and no figure in them, nor
// anything made of one: of parts in every kind of record, drafts, notes, clearances, claims, lines to take, non-papers, settings, what was
// searched for and checked; while the node runs and when it has ended.
func TestSearcherFindsNothingInAStolenFolder(t *testing.T) {
	h := node.HuntIn(t, 0, 0, "MX", "US")
	w := newWalker(t, h)
	h.Anew()
	w.walk(at(searched, by("GET", w.web)), by("GET", w.api), 3) // so that figures are computed with, and texts indexed
	words := h.Words()
	secret := func(what string) string {
		words = append(words, fmt.Sprintf("canary-stolen-%d-%s", len(words), what))
		return words[len(words)-1]
	}
	s := w.parties["MX"]
	desk := s.offices[slices.IndexFunc(s.offices, func(v *visitor) bool { return v.office == "desk" })]
	joint := "/v1/groups/" + h.Joint().String()
	records, nonces, _ := h.IDs()
	kept := 0
	call := func(path string, body any) {
		t.Helper()
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		rw, _ := ask(s.api, asked{method: "POST", path: path, body: string(b), once: fmt.Sprint("key-", kept)}, desk)
		if kept++; rw.Code >= 300 {
			t.Fatalf("%s: %d %s", path, rw.Code, rw.Body)
		}
	}
	texts := func(what string) map[string]any {
		return map[string]any{"en": map[string]string{"title": secret(what + "-title"), "body": secret(what + "-body")}}
	}
	call(joint+"/drafts", map[string]any{"kind": "statement", "verb": "propose", "terms": map[string]any{"own": true}, "parts": []map[string]any{
		{"name": "title.en", "text": secret("draft-title")}, {"name": "title.es", "text": secret("draft-title")},
		{"name": "body.en", "text": secret("draft-body")}, {"name": "body.es", "text": secret("draft-body")}}})
	call(joint+"/nonpapers", map[string]any{"texts": texts("non-paper")})
	call(joint+"/announcement", map[string]any{"texts": map[string]string{"body.en": secret("announced")}})
	call(joint+"/claims", map[string]any{"claim": map[string]any{"office": "x"}, "quote": secret("quote"), "position": map[string]string{"es": secret("position")}})
	for _, id := range records { // the one of its own that it asked for itself
		rw, _ := ask(s.api, asked{method: "POST", path: "/v1/clearances/" + id.String() + "/words", body: `{"word":"comment","text":{"en":"` + secret("comment") + `"}}`}, desk)
		if rw.Code < 300 {
			kept++
		}
	}
	form := func(path string, fields url.Values) {
		t.Helper()
		if rw, _ := ask(s.pages, asked{method: "POST", path: w.at + path, body: fields.Encode()}, desk); rw.Code != http.StatusSeeOther {
			t.Errorf("%s: %d", path, rw.Code)
		} else {
			kept++
		}
	}
	form("/commitments/views", url.Values{"name": {secret("view")}, "query": {"q=" + secret("query")}})
	for _, path := range []string{"/agreed-language?q=", "/commitments?q=", "/statements?q=", "/claims?q="} {
		ask(s.pages, asked{method: "GET", path: w.at + path + secret("searched")}, desk)
	}
	names := map[record.ID]bool{}
	for _, n := range h.Nodes() { // what stands for a text in the access log is told by the text alone at no two nodes: a thief cannot try
		if _, err := n.CheckAnnouncement(t.Context(), node.Caller{Office: "desk", Via: "test"}, h.Joint(), map[string]string{"body.en": words[0]}); err != nil {
			t.Fatal(err)
		}
		last, err := n.Access(t.Context(), node.Caller{Operator: true}, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		names[last[0].Terms.(*entente.Access).Items[0].Records[0]] = true
	}
	if len(names) != 2 {
		t.Errorf("%d names for one text at two nodes", len(names))
	}
	if kept < 6 || len(nonces) == 0 {
		t.Errorf("%d texts were given to be kept", kept)
	}

	files, bytesRead, control, clear := 0, 0, 0, h.Clear()
	look := func(name string, b []byte) {
		files++
		bytesRead += len(b)
		if bytes.Contains(b, []byte(clear)) {
			control++
		}
		for _, word := range words {
			for form, trace := range traces(word) {
				if bytes.Contains(b, trace) {
					t.Errorf("%s holds %s as %s", name, word, form)
				}
			}
		}
	}
	folder := func() {
		for _, dir := range h.Dirs() {
			if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() || d.Name() == store.KeyFile || d.Name() == node.NodeKeyFile {
					return err
				}
				b, err := os.ReadFile(path)
				look(filepath.Base(path), b)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	folder()
	for _, n := range h.Nodes() {
		if _, err := n.Backup(t.Context(), func(name string, _ int64, r io.Reader) error {
			b, err := io.ReadAll(r)
			if name != store.KeyFile {
				look("backup: "+name, b)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
	folder()
	t.Logf("%d files, %d of them with what is in the clear, %d bytes, %d secrets", files, control, bytesRead, len(words))
	if control < 2 || files < 10 || bytesRead < 1<<20 || len(words) < 60 {
		t.Errorf("%d files, %d bytes, %d secrets: this test reads the wrong files", files, bytesRead, len(words))
	}
}
