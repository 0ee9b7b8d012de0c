package main

import (
	"archive/tar"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"entente/node"
	"entente/store"
)

// get URL [CERTIFICATE] prints the status, the name in the server's certificate and the body: what the scripts need of curl.
func get(args []string) int {
	c := &http.Client{Timeout: patience}
	if len(args) > 1 {
		b, err := os.ReadFile(args[1])
		pool := x509.NewCertPool()
		if err != nil || !pool.AppendCertsFromPEM(b) {
			fmt.Fprintln(os.Stderr, "no certificate in", args[1])
			return 2
		}
		c.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	}
	res, err := c.Get(args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer res.Body.Close()
	fmt.Println(res.Proto, res.StatusCode)
	if res.TLS != nil {
		fmt.Println(res.TLS.PeerCertificates[0].Subject.CommonName, tls.VersionName(res.TLS.Version))
	}
	_, err = io.Copy(os.Stdout, res.Body)
	if err != nil {
		return 1
	}
	return 0
}

// makeCert writes NAME.pem and NAME.key, a certificate of the loopback address that signs itself.
func makeCert(name string) int {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return 1
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, t, t, pub, key)
	if err != nil {
		return 1
	}
	pk, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return 1
	}
	for suffix, b := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: pk}} {
		if err := os.WriteFile(name+suffix, pem.EncodeToMemory(b), 0o600); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return 0
}

// forge ARCHIVE OUT gives an archive a passkey of its own, with digests that fit.
func forge(archive, out string) int {
	dir, err := os.MkdirTemp("", "forge")
	if err != nil {
		return 1
	}
	defer os.RemoveAll(dir)
	u, err := unpack(archive, dir)
	if err != nil {
		return 1
	}
	path := filepath.Join(dir, store.File)
	db, err := sql.Open("sqlite", "file:"+path)
	if err == nil {
		_, err = db.Exec("INSERT INTO credential VALUES (x'666f72676564', 'desk', 1, '', 'signin', 'key', '', x'00', 1, 1)")
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return 1
	}
	for i := range u.Files {
		if f := &u.Files[i]; f.Name == store.File {
			f.Size, f.SHA256 = int64(len(b)), sha256.Sum256(b)
		}
	}
	manifest, err := json.Marshal(u.Manifest)
	if err != nil {
		return 1
	}
	f, err := os.Create(out)
	if err != nil {
		return 1
	}
	w := tar.NewWriter(f)
	for _, x := range []struct {
		name string
		b    []byte
	}{{node.ManifestFile, manifest}, {node.SealFile, u.seal}, {node.ConfigFile, u.description}, {store.File, b}} {
		err = errors.Join(err, w.WriteHeader(&tar.Header{Name: x.name, Mode: 0o600, Size: int64(len(x.b))}))
		_, werr := w.Write(x.b)
		err = errors.Join(err, werr)
	}
	if errors.Join(err, w.Close(), f.Close()) != nil {
		return 1
	}
	return 0
}
