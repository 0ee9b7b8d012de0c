package web

import (
	"archive/zip"
	"bytes"
	"io"
	"path"
	"strings"
	"time"

	"entente/record"
	"entente/release"
	tables "entente/sheet"
)

// What leaves the pages as a file bears the mark of who took it and when, where anything in it is above TLP:CLEAR: in a spreadsheet on a
// sheet of its own, in a table of text in a column, in a document at its head, in data as a member, and beside bytes that were signed,
// and so stay as they are, on a sheet in the same archive. mark_test.go walks every file that a page gives.

// marked is a table of text with the mark in a last column of every row, so that it stays with rows that are cut out.
func (w *Web) marked(r *request, t tables.Table, mark *strictest) tables.Table {
	said := w.copied(r)
	if mark != nil {
		said = mark.String() + " · " + said
	}
	h := tables.Heading{Width: 30}
	for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
		h.Titles = append(h.Titles, r.speaking(l).t("export.by"))
	}
	rows := t.Rows
	return tables.Table{Headings: append(t.Headings[:len(t.Headings):len(t.Headings)], h), Rows: func(yield func([]string, error) bool) {
		for row, err := range rows {
			if !yield(append(row[:len(row):len(row)], said), err) {
				return
			}
		}
	}}
}

// signedFile is a part as it was signed, byte for byte. Above TLP:CLEAR it comes in an archive with a sheet that bears the mark.
func (w *Web) signedFile(r *request, of record.ID, p record.Part, m record.Marking) (answer, error) {
	name := path.Base(p.Name)
	if !release.Logged(m) {
		return file{name: name, mime: annexType(p.Name), content: p.Content}, nil
	}
	mark := &strictest{}
	mark.add(r.group, &record.Header{Party: m.Originator}, record.PartRef{Name: p.Name, Marking: m})
	var sheet strings.Builder
	for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
		in := r.speaking(l)
		for _, s := range []string{in.group.Name, mark.String(), w.shownTo(in), in.t("mark.beside", "Name", name), in.t("mark.record", "Number", of.String())} {
			sheet.WriteString(s + "\r\n")
		}
		sheet.WriteString("\r\n")
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, x := range []struct {
		name    string
		content []byte
	}{{plain(r.t("mark.sheet")) + ".txt", []byte(sheet.String())}, {name, p.Content}} {
		f, err := z.CreateHeader(&zip.FileHeader{Name: x.name, Method: zip.Store, Modified: time.Unix(w.node.Now(), 0).UTC()})
		if err != nil {
			return nil, err
		}
		if _, err := io.Copy(f, bytes.NewReader(x.content)); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return file{name: name + ".zip", mime: "application/zip", content: b.Bytes()}, nil
}
