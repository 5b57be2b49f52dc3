//! The drivers with nginx, squid and tinyproxy, if they are installed. Otherwise these tests print a note and pass.

#![allow(clippy::print_stdout, reason = "a test that tests nothing says so")]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use usage_core::error::{Sent, TransportKind};
use usage_core::retry::Backoff;
use usage_core::{Policy, Secret};
use usage_driver::{ClientBuilder, Proxy};
use usage_sim::{Certificate, ServeOptions, Server, Simulator, SimulatorConfig, Tls, serve};

use crate::driver::Client;
use crate::runtime::{collect, run};
use crate::support::{SECRET, query};

/// A program in its own folder, which runs until this is dropped.
struct Peer {
    program: PathBuf,
    folder: PathBuf,
    port: u16,
    child: Child,
}

impl Peer {
    /// Starts `name` with a configuration in which `PORT` and `FOLDER` are replaced; `None` if it is not installed.
    fn start(
        name: &str,
        host: &str,
        configuration: &str,
        files: &[(&str, &str)],
        args: &[&str],
    ) -> Option<Self> {
        let places = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];
        let found = places.iter().map(|place| Path::new(place).join(name)).find(|path| path.exists());
        let Some(program) = found else {
            println!("{name} is not installed: nothing was tested");
            return None;
        };
        let port = TcpListener::bind((host, 0)).ok()?.local_addr().unwrap().port();
        let driver = env!("CARGO_PKG_NAME");
        let folder = std::env::temp_dir().join(format!("{driver}-{name}-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (file, content) in files {
            fs::write(folder.join(file), content).unwrap();
        }
        let path = folder.to_str().unwrap();
        let configuration = configuration.replace("PORT", &port.to_string()).replace("FOLDER", path);
        fs::write(folder.join("conf"), configuration).unwrap();
        // Some programs drop the rights of root after they have started.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        }
        let child = Command::new(&program)
            .args(args)
            .arg(folder.join("conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut peer = Self { program, folder, port, child };
        let started = Instant::now();
        while TcpStream::connect((host, port)).is_err() {
            let has_ended = peer.child.try_wait().unwrap();
            assert!(
                has_ended.is_none() && started.elapsed() < Duration::from_secs(20),
                "{name} does not start"
            );
            thread::sleep(Duration::from_millis(20));
        }
        Some(peer)
    }

    fn nginx_signal(&self, signal: &str) {
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(self.folder.join("conf")).args(["-s", signal]);
        let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if self.program.ends_with("nginx") {
            // Workers only end if the main process ends them.
            self.nginx_signal("stop");
        } else {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn quick() -> Policy {
    let delay = Backoff::constant(Duration::from_millis(10));
    Policy::default().with_first_poll(delay.initial).with_poll(delay).with_retry(delay).with_max_failures(50)
}

/// Starts nginx, which closes each connection after a few requests: in HTTP/1.1 by a header, in HTTP/2 by GOAWAY.
fn nginx(tls: &Tls) -> Option<Peer> {
    let configuration = r#"
        daemon off;
        user root;
        pid FOLDER/pid;
        error_log FOLDER/error.log;
        events { worker_connections 512; }
        http {
            access_log off;
            client_body_temp_path FOLDER/body;
            proxy_temp_path FOLDER/proxy;
            fastcgi_temp_path FOLDER/fastcgi;
            uwsgi_temp_path FOLDER/uwsgi;
            scgi_temp_path FOLDER/scgi;
            keepalive_requests 7;
            server {
                listen 127.0.0.1:PORT ssl http2;
                ssl_certificate FOLDER/cert.pem;
                ssl_certificate_key FOLDER/key.pem;
                default_type application/json;
                location / {
                    if ($request_method = POST) { return 200 '{"executionId":"e"}'; }
                    return 200 '{"queryStatus":"Complete","results":[{"requests":42}]}';
                }
            }
        }"#;
    let files = [("cert.pem", tls.server_pem()), ("key.pem", tls.server_key_pem())];
    Peer::start("nginx", "127.0.0.1", configuration, &files, &["-c"])
}

fn client_of(peer: &Peer, tls: &Tls) -> Client {
    let url = format!("https://127.0.0.1:{}", peer.port).parse().unwrap();
    let builder = Client::builder().api_url(url).access_token("a-token").unwrap().policy(quick());
    builder.root_certificates(tls.root_pem().as_bytes()).unwrap().build().unwrap()
}

#[test]
fn nginx_ends_its_connections_and_no_submit_is_ambiguous() {
    let tls = Tls::new(Certificate::Good).unwrap();
    let Some(nginx) = nginx(&tls) else { return };
    let results = collect(client_of(&nginx, &tls).run_all(vec![query(); 60], 37));
    assert_eq!(results.len(), 60);
    for (_, result) in results {
        assert_eq!(result.unwrap().row(0).unwrap().requests(), Some(42));
    }
}

#[test]
fn nginx_is_reloaded_with_requests_in_flight() {
    let tls = Tls::new(Certificate::Good).unwrap();
    let Some(nginx) = nginx(&tls) else { return };
    let client = client_of(&nginx, &tls);
    let results = thread::scope(|scope| {
        let running = scope.spawn(|| collect(client.run_all(vec![query(); 80], 10)));
        while !running.is_finished() {
            nginx.nginx_signal("reload");
            thread::sleep(Duration::from_millis(100));
        }
        running.join().unwrap()
    });
    assert_eq!(results.len(), 80);
    for (_, result) in results {
        assert_eq!(result.unwrap().row(0).unwrap().requests(), Some(42));
    }
}

fn service() -> Server {
    let config =
        SimulatorConfig::default().with_client("7de3af06", SECRET).with_execution_time(Duration::ZERO);
    serve(Simulator::new(config), ServeOptions::default()).unwrap()
}

fn builder(server: &Server) -> ClientBuilder<Client> {
    let url = server.url();
    let builder = Client::builder().api_url(url.parse().unwrap()).login_url(url.parse().unwrap());
    builder.policy(quick()).client_credentials("7de3af06", Secret::new(SECRET.into())).unwrap()
}

/// Checks that it tunnels with the right credentials, and that a refusal without them is not retried.
fn wants_credentials(host: &str, peer: &Peer) {
    let server = service();
    let address = format!("{host}:{}", peer.port);
    let through = |user_info: &str| {
        let proxy: Proxy = format!("http://{user_info}{address}").parse().unwrap();
        run(builder(&server).proxy(proxy).build().unwrap().run(query()))
    };
    assert!(!through("reports:hunter2@").unwrap().is_empty());
    let arrived = server.simulator().journal().len();
    for (user_info, advice) in [
        ("reports:guessed@", "; check the user and the password in its URL"),
        ("", "; it wants a user and a password in its URL"),
    ] {
        let error = through(user_info).unwrap_err();
        let failure = error.failure().transport_failure().unwrap();
        assert_eq!(
            (failure.kind, failure.sent, error.attempts()),
            (TransportKind::Connect, Sent::No, 1),
            "{error}"
        );
        let before = format!("the proxy {address} refused to connect to {} (status ", server.address());
        // tinyproxy responds to wrong credentials with 401.
        let is_wanted = |status| *failure.text == format!("{before}{status}){advice}");
        assert!(is_wanted(407) || is_wanted(401), "{error}");
    }
    assert_eq!(server.simulator().journal().len(), arrived);
}

#[test]
fn tinyproxy_wants_credentials() {
    let configuration = "Port PORT\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nAllow 127.0.0.1\n\
                         LogFile \"FOLDER/log\"\nLogLevel Critical\nPidFile \"FOLDER/pid\"\n\
                         BasicAuth reports hunter2\n";
    let Some(peer) = Peer::start("tinyproxy", "127.0.0.1", configuration, &[], &["-d", "-c"]) else { return };
    wants_credentials("127.0.0.1", &peer);
}

#[test]
fn squid_wants_credentials_over_ipv4_and_ipv6() {
    let hash = Command::new("openssl").args(["passwd", "-apr1", "hunter2"]).output();
    let Some(hash) = hash.ok().filter(|output| output.status.success()) else {
        println!("openssl is not installed: nothing was tested");
        return;
    };
    let passwords = format!("reports:{}", String::from_utf8(hash.stdout).unwrap());
    for host in ["127.0.0.1", "[::1]"] {
        let configuration = format!(
            "http_port {host}:PORT\n\
             auth_param basic program /usr/lib/squid/basic_ncsa_auth FOLDER/passwords\n\
             acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all\n\
             cache deny all\naccess_log none\ncache_log /dev/null\npid_filename FOLDER/pid\n\
             pinger_enable off\nnetdb_filename none\nvisible_hostname localhost\nshutdown_lifetime 0 seconds\n\
             cache_mem 1 MB\ncoredump_dir FOLDER\n"
        );
        let bare = host.trim_matches(['[', ']']);
        let files = [("passwords", passwords.as_str())];
        let Some(peer) = Peer::start("squid", bare, &configuration, &files, &["-N", "-f"]) else { return };
        wants_credentials(host, &peer);
    }
}
