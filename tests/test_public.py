import medtrans


def test_every_public_name_is_there():
    for name in medtrans.__all__:
        assert getattr(medtrans, name) is not None
    assert set(medtrans.__all__) <= set(dir(medtrans))
