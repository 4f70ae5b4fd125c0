use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A process of ours whose output is kept, and which does not outlive the test.
#[derive(Debug)]
pub struct Process {
    child: Child,
    output: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts a command.
    pub fn start(mut command: Command) -> Self {
        // A pipe that ends with this process, whatever ends it: a shell can wait for that.
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("cannot start {}: {error}", command.get_program().display())
        });
        let output = Arc::new(Mutex::new(Vec::new()));
        let streams: [Option<Box<dyn Read + Send>>; 2] = [
            child
                .stdout
                .take()
                .map(|out| Box::new(out) as Box<dyn Read + Send>),
            child
                .stderr
                .take()
                .map(|err| Box::new(err) as Box<dyn Read + Send>),
        ];
        for stream in streams.into_iter().flatten() {
            let output = Arc::clone(&output);
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    output
                        .lock()
                        .expect("the other reader does not panic")
                        .push(line);
                }
            });
        }
        Self { child, output }
    }

    /// Everything it has printed so far.
    pub fn output(&self) -> String {
        self.output.lock().expect("readers do not panic").join("\n")
    }

    /// Waits until it prints a line with this text, and gives that line.
    pub async fn printed(&mut self, text: &str, limit: Duration) -> String {
        let start = Instant::now();
        loop {
            let found = {
                let lines = self.output.lock().expect("readers do not panic");
                lines.iter().find(|line| line.contains(text)).cloned()
            };
            if let Some(line) = found {
                return line;
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!(
                    "ended with {status} before printing {text:?}:\n{}",
                    self.output()
                );
            }
            assert!(
                start.elapsed() < limit,
                "{text:?} not printed:\n{}",
                self.output()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Kills it with SIGKILL: nothing in it gets to run any more.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it can be waited for");
    }

    /// Asks it to end, as a service manager does, and waits.
    pub fn terminate(&mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("kill runs");
        assert!(sent.success(), "the signal was sent");
        self.child.wait().expect("it can be waited for")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

/// An example of a crate of this workspace, built beside this test.
pub fn example(name: &str) -> PathBuf {
    binary(&format!("examples/{name}"))
}

/// A binary of this workspace, built beside this test.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let folder = test
        .ancestors()
        .nth(2)
        .expect("tests stand in target/PROFILE/deps");
    let path = folder.join(name);
    assert!(
        path.exists(),
        "{} is missing: build the whole workspace first",
        path.display()
    );
    path
}

/// A port of 127.0.0.1 that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    listener
        .local_addr()
        .expect("a listener has an address")
        .port()
}
