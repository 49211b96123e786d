from medtrans.reading import processor


def test_the_processor_has_a_name_on_every_system(tmp_path, monkeypatch):
    (tmp_path / "cpuinfo").write_text("processor : 0\nmodel name\t: Acme  CPU\n")
    monkeypatch.setattr(processor, "PROCESSORS", tmp_path / "cpuinfo")
    assert processor.processor_name() == "Acme CPU"
    monkeypatch.setattr(processor, "PROCESSORS", tmp_path / "missing")
    assert processor.processor_name()
