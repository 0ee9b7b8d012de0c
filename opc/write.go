package opc

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// A Writer writes a package: the same parts in the same order give the same bytes. Call Create for one part after the other,
// then Close.
type Writer struct {
	z     *zip.Writer
	types strings.Builder
}

// NewWriter starts a package on w.
func NewWriter(w io.Writer) *Writer { return &Writer{z: zip.NewWriter(w)} }

// Create starts a part of that name and content type; it is good until the next Create. Relationship parts have content type "".
func (w *Writer) Create(name, contentType string) (io.Writer, error) {
	if contentType != "" {
		fmt.Fprintf(&w.types, `<Override PartName="/%s" ContentType="%s"/>`, Escape(name), Escape(contentType))
	}
	return w.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate}) // no time: equal content, equal bytes
}

// Put writes a whole part.
func (w *Writer) Put(name, contentType, content string) error {
	p, err := w.Create(name, contentType)
	if err == nil {
		_, err = io.WriteString(p, xml.Header+content)
	}
	return err
}

// A Link is a relationship to be written: from a part to Target, relative to the part's folder.
type Link struct{ ID, Type, Target string }

// relationshipTypes is where the types of Link.Type stand, unless they are a whole URI.
const relationshipTypes = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"

// Relate writes the relationships of a part, of the package itself for "".
func (w *Writer) Relate(part string, links ...Link) error {
	dir, file := "", part
	if i := strings.LastIndexByte(part, '/'); i >= 0 {
		dir, file = part[:i+1], part[i+1:]
	}
	var b strings.Builder
	b.WriteString(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for _, l := range links {
		kind := l.Type
		if !strings.Contains(kind, "://") {
			kind = relationshipTypes + kind
		}
		fmt.Fprintf(&b, `<Relationship Id="%s" Type="%s" Target="%s"/>`, Escape(l.ID), Escape(kind), Escape(l.Target))
	}
	b.WriteString(`</Relationships>`)
	return w.Put(dir+"_rels/"+file+".rels", "", b.String())
}

// Close writes the content types and the zip's directory.
func (w *Writer) Close() error {
	err := w.Put("[Content_Types].xml", "", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">`+
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>`+
		`<Default Extension="xml" ContentType="application/xml"/>`+w.types.String()+`</Types>`)
	if err != nil {
		return err
	}
	return w.z.Close()
}

// Escape writes s as XML text or attribute value; what XML cannot hold becomes U+FFFD.
func Escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil { // a Builder does not fail
		return ""
	}
	return b.String()
}
